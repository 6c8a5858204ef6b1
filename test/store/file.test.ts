// The file backend against the contract, synced and not, and where it must not be opened.

import { expect, test } from 'vitest';
import { FailureError } from '../../src/failure/failure.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { fileBackend } from '../../src/store/open.ts';
import { storeContract } from './contract.ts';
import { openStore, temporaryPlace } from './places.ts';

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

test('on a network file system it is refused unless forced, and nothing is made there', async () => {
  const { dir, remove } = temporaryPlace();
  const nfs = 0x6969;
  const disk = { ...realDisk, fsType: () => nfs };
  const opening = () => openStore(dir, { disk });
  expect(opening).toThrow(FailureError);
  expect(opening).toThrow(/store-unsafe|network/);
  expect(realDisk.stat(dir)).toBeUndefined();
  const forced = openStore(dir, { disk, forceNetworkFs: true });
  expect(forced.seq()).toBe(1);
  await forced.close();
  remove();
});
