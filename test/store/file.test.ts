// The file backend against the contract, with one segment and with many small ones.

import { fileBackend } from '../../src/store/open.ts';
import { storeContract } from './contract.ts';
import { temporaryPlace } from './places.ts';

storeContract('file', () => {
  const { dir, remove } = temporaryPlace();
  const backend = fileBackend({ dir, durability: 'fsync', forceNetworkFs: false });
  return {
    open: (onCommits) => backend.openStore(onCommits),
    blobs: backend.blobs,
    presence: backend.presence,
    remove,
  };
});

storeContract('file without syncing', () => {
  const { dir, remove } = temporaryPlace();
  const backend = fileBackend({ dir, durability: 'none', forceNetworkFs: false });
  return {
    open: (onCommits) => backend.openStore(onCommits),
    blobs: backend.blobs,
    presence: backend.presence,
    remove,
  };
});
