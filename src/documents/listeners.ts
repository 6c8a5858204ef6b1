// Telling listeners of commits, so that a bug in one of them stays its own. Used by documents.ts.

import type { FoldedCommit } from '../store/fold.ts';

export type CommitsListener = (commits: readonly FoldedCommit[]) => void;

/**
 * Calls every listener. What one throws surfaces later: thrown from here it would make a commit in the log look failed.
 */
export function tell(listeners: Iterable<CommitsListener>, commits: readonly FoldedCommit[]): void {
  for (const listener of listeners) {
    try {
      listener(commits);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }
}
