// Finds the store's format number in its commits. Used by log.ts.

import { STORE_FORMAT } from '../../commit.ts';
import type { FoldedCommit } from '../../fold.ts';

/**
 * The format number to which a commit raises the store, if it is higher than this program knows; else undefined. Any
 * commit to the stream `store` may raise the format, and from then on older programs stop. New event types do not raise
 * it: a commit's effect is its patch, whatever the type.
 */
export function newerFormat(folded: FoldedCommit): number | undefined {
  for (const event of folded.commit.events) {
    const format = event.stream === 'store' ? event.data?.format : undefined;
    if (typeof format === 'number' && format > STORE_FORMAT) return format;
  }
  return undefined;
}
