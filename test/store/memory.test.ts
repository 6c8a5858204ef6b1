// The memory backend against the contract.

import { MemoryBlobs, MemoryLog, MemoryPresence, MemoryStore } from '../../src/store/memory.ts';
import { storeContract } from './contract.ts';

storeContract('memory', () => {
  const log = new MemoryLog();
  return {
    open: (onCommits) => new MemoryStore(log, onCommits),
    blobs: new MemoryBlobs(),
    presence: new MemoryPresence(),
    remove: () => undefined,
  };
});
