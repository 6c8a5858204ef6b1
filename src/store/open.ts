// Opens the backend that the settings name. A new backend is a folder and an entry in `backends`; no other file knows
// which backends there are. Called by app/services.ts, admin/ and cli/import-export.ts.

import { FileBlobs } from './file/caches/blobs.ts';
import { FilePresence } from './file/caches/presence.ts';
import { type Disk, realDisk } from './file/disk.ts';
import { FileStore, type FileStoreOptions } from './file/file-store.ts';
import type { Blobs, CommitListener, Durability, Presence, Store } from './port.ts';

export interface StoreSettings {
  /** Absolute path of the store's directory, which is created if it is missing. */
  dir: string;
  durability: Durability;
  forceNetworkFs: boolean;
  disk?: Disk;
  segmentBytes?: number;
  exclusively?: NonNullable<FileStoreOptions['exclusively']>;
}

export interface BackendSettings extends StoreSettings {
  /** Defaults to `file`. */
  backend?: keyof typeof backends;
}

/** The parts of a store that `Documents` is built on. */
export interface OpenedBackend {
  openStore(onCommits: CommitListener): Store;
  blobs: Blobs;
  presence: Presence;
}

const backends = {
  file: fileBackend,
};

/** Returns the backend that the settings name. The store itself is opened by `openStore`. */
export function openBackend(settings: BackendSettings): OpenedBackend {
  return backends[settings.backend ?? 'file'](settings);
}

/** The file backend by its own type, for code that works on files: admin/ and tests. */
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
