// From settings to a backend. A new one is its folder and its entry in `backends`; no other file knows which there are.

import { FileBlobs } from './file/caches/blobs.ts';
import { FilePresence } from './file/caches/presence.ts';
import { type Disk, realDisk } from './file/disk.ts';
import { FileStore, type FileStoreOptions } from './file/file-store.ts';
import type { Blobs, CommitListener, Durability, Presence, Store } from './port.ts';

export interface StoreSettings {
  /** Absolute path of the store's directory; made if it is not there. */
  dir: string;
  durability: Durability;
  forceNetworkFs: boolean;
  disk?: Disk;
  segmentBytes?: number;
  exclusively?: NonNullable<FileStoreOptions['exclusively']>;
}

export interface BackendSettings extends StoreSettings {
  /** Default: file. */
  backend?: keyof typeof backends;
}

/** What `Documents` stands on. */
export interface OpenedBackend {
  openStore(onCommits: CommitListener): Store;
  blobs: Blobs;
  presence: Presence;
}

const backends = {
  file: fileBackend,
};

/** The backend that the settings name. */
export function openBackend(settings: BackendSettings): OpenedBackend {
  return backends[settings.backend ?? 'file'](settings);
}

/** For what concerns files alone: maintenance, verification, tests. */
export function fileBackend(
  settings: StoreSettings,
): OpenedBackend & { openStore(onCommits: CommitListener): FileStore } {
  const disk = settings.disk ?? realDisk;
  return {
    openStore: (onCommits) => new FileStore({ ...settings, disk, onCommits }),
    blobs: new FileBlobs(disk, settings.dir, settings.durability),
    presence: new FilePresence(disk, settings.dir),
  };
}
