// From settings to a backend: add one here. The only place that knows which backends there are.

import { FileBlobs } from './file/caches/blobs.ts';
import { FilePresence } from './file/caches/presence.ts';
import { type Disk, realDisk } from './file/disk.ts';
import { FileStore, type FileStoreOptions } from './file/file-store.ts';
import type { Blobs, CommitListener, Durability, Presence } from './port.ts';

export interface StoreSettings {
  /** Absolute path of the store's directory; made if it is not there. */
  dir: string;
  durability: Durability;
  forceNetworkFs: boolean;
  disk?: Disk;
  segmentBytes?: number;
  exclusively?: NonNullable<FileStoreOptions['exclusively']>;
}

export interface OpenedBackend {
  openStore(onCommits: CommitListener): FileStore;
  blobs: Blobs;
  presence: Presence;
}

export function fileBackend(settings: StoreSettings): OpenedBackend {
  const disk = settings.disk ?? realDisk;
  return {
    openStore: (onCommits) => new FileStore({ ...settings, disk, onCommits }),
    blobs: new FileBlobs(disk, settings.dir, settings.durability),
    presence: new FilePresence(disk, settings.dir),
  };
}
