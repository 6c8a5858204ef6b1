// Ids of commits: UUID version 7 (RFC 9562). Random bytes are drawn in bulk, because asking the system for each id
// costs more than the rest of a commit. Used by documents/batch.ts.

import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES_PER_ID = 16;
const POOL_BYTES = 4_096;

/** Returns a function that makes ids, with its own pool of random bytes. */
export function pooledIds(): () => string {
  const pool = new Uint8Array(POOL_BYTES);
  let next = POOL_BYTES;
  return () => {
    if (next + BYTES_PER_ID > POOL_BYTES) {
      randomFillSync(pool);
      next = 0;
    }
    const random = pool.subarray(next, next + BYTES_PER_ID);
    next += BYTES_PER_ID;
    return v7({ random });
  };
}
