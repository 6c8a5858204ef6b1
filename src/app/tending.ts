// Notices that runs of this workspace need tending, for a server that performs no nodes itself: servers that perform
// some may be killed, and their nodes would stay claimed; and a time may come for which a run waits, while nobody
// calls. Used by own-runner.ts.

import type { Documents } from '../documents/documents.ts';
import type { RunDocument } from '../domain/run/document.ts';
import { nextTime } from '../domain/run/due.ts';
import { treeOf } from '../domain/run/tree.ts';
import type { Commit } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { claimedNodes, openRuns } from '../views/run/runs.ts';

/** Events with which a time may begin to count. */
const BEGINNINGS = new Set(['node.awaiting', 'node.repeated', 'node.claimed', 'node.finished', 'run.started']);

/** Calls `found` once, when a run of the workspace needs tending; returns how to stop looking. */
export function onTending(documents: Documents, workspace: string, found: () => void): () => void {
  let over = false;
  const look = (): void => {
    const isNeeded = documents.peek((view) => {
      const runs = openRuns(view).filter((run) => run.workspace === workspace);
      return (
        [...claimedNodes(runs)].some(({ node }) => node.server !== undefined) ||
        runs.some((run) => hasTimes(run, documents))
      );
    });
    if (over || !isNeeded) return;
    stop();
    found();
  };
  const note = (commits: readonly FoldedCommit[]): void => {
    // The store calls this in the middle of its work, so the look comes later.
    if (commits.some(({ commit }) => isAbout(commit))) setImmediate(quietly, look);
  };
  const unsubscribe = documents.onChange(note);
  const stop = (): void => {
    over = true;
    unsubscribe();
  };
  documents.read(() => setImmediate(quietly, look)).catch(() => undefined);
  return stop;
}

function hasTimes(run: Readonly<RunDocument>, { definitions }: Documents): boolean {
  const tree = run.status === 'paused' ? undefined : treeOf(run, (hash) => definitions.get(hash));
  return tree !== undefined && nextTime(tree) !== undefined;
}

/** Whether a commit may begin what has to be tended. */
function isAbout({ by, events }: Commit): boolean {
  return by.tool === 'runner' || events.some(({ type }) => BEGINNINGS.has(type));
}

/** A store that cannot be read is told by the next call. */
function quietly(look: () => void): void {
  try {
    look();
  } catch {
    return;
  }
}
