// The store's format number, as its log tells it. Used by log.ts.

import { STORE_FORMAT } from '../../commit.ts';
import type { FoldedCommit } from '../../fold.ts';

/**
 * The format a commit raises the store to, if it is newer than this program knows. Any commit to stream `store` may
 * raise it, and from then on older programs stop. Event types need no such rule: what a commit does is its patch, of
 * any type.
 */
export function newerFormat(folded: FoldedCommit): number | undefined {
  for (const event of folded.commit.events) {
    const format = event.stream === 'store' ? event.data?.format : undefined;
    if (typeof format === 'number' && format > STORE_FORMAT) return format;
  }
  return undefined;
}
