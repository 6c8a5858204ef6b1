// Calls listeners of commits so that an error in one affects no other. Used by documents.ts.

import type { FoldedCommit } from '../store/fold.ts';

export type CommitsListener = (commits: readonly FoldedCommit[]) => void;

/**
 * Calls every listener. An error is rethrown in a later tick: thrown here it would make a commit that is in the log
 * look failed.
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
