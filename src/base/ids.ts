// Ids of commits: UUID version 7, with randomness drawn in bulk, since asking the system per id costs more than the
// rest of a commit. Used by documents/batch.ts.

import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES_PER_ID = 16;
const POOL_BYTES = 4_096;

/** A source of ids with a pool of its own. */
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
