// Notices that servers perform nodes of this workspace, for a server that performs none itself: it tends to their
// claims too, or the nodes of a server that was killed would stay claimed as long as no other may perform them. Used by
// own-runner.ts.

import type { Documents } from '../documents/documents.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { claimedNodes, openRuns } from '../views/run/runs.ts';

/** Calls `found` once, when a server holds a claim in the workspace; returns how to stop looking. */
export function onServerClaim(documents: Documents, workspace: string, found: () => void): () => void {
  let over = false;
  const look = (): void => {
    const isClaimed = documents.peek((view) =>
      [...claimedNodes(openRuns(view))].some(
        ({ run, node }) => run.workspace === workspace && node.server !== undefined,
      ),
    );
    if (over || !isClaimed) return;
    stop();
    found();
  };
  const note = (commits: readonly FoldedCommit[]): void => {
    // The store calls this in the middle of its work, so the look comes later.
    if (commits.some(({ commit }) => commit.by.tool === 'runner')) setImmediate(quietly, look);
  };
  const unsubscribe = documents.onChange(note);
  const stop = (): void => {
    over = true;
    unsubscribe();
  };
  documents.read(() => setImmediate(quietly, look)).catch(() => undefined);
  return stop;
}

/** A store that cannot be read is told by the next call. */
function quietly(look: () => void): void {
  try {
    look();
  } catch {
    return;
  }
}
