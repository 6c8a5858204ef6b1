// Ids: of commits, UUID version 7 (RFC 9562), made by documents/batch.ts; and the short ones of sessions, runs and
// other things that people type. Random bytes of commits are drawn in bulk, because asking the system for each id costs
// more than the rest of a commit.

import { randomBytes, randomFillSync } from 'node:crypto';
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

/** `<prefix>-` and eight of [a-z0-9]: short enough to type; a clash is likely only among millions in one store. */
export function shortId(prefix: string): string {
  let text = '';
  for (const byte of randomBytes(8)) text += (byte % 36).toString(36);
  return `${prefix}-${text}`;
}
