// Pauses a run and lets it go on. Nothing begins by itself meanwhile; durations that the run waits for go on after it,
// points in time stay. Called by control.ts.

import type { PatchOp } from '../../json/patch.ts';
import { runStream } from './document.ts';
import type { NodeRecord } from './record.ts';
import type { RunScope } from './scope.ts';
import { setStatus } from './status.ts';
import { shift } from './transition.ts';
import type { RunTree } from './tree.ts';

export function pause(scope: RunScope, reason: string | undefined): void {
  const { tx, run, ctx } = scope;
  if (run.status === 'paused') return;
  setStatus(scope, 'paused', reason);
  const at: PatchOp = { op: 'add', path: '/paused_at', value: ctx.now };
  tx.patch(runStream(run.id), { type: 'run.shifted' }, [at]);
}

export function goOn(scope: RunScope): void {
  const { run, ctx } = scope;
  const by = run.paused_at === undefined ? 0 : Math.max(0, ctx.now - run.paused_at);
  setStatus(scope, 'running');
  if (run.paused_at === undefined) return;
  const tree = scope.tree();
  const waits = Object.entries(run.nodes).filter(([id, node]) => isDuration(tree, id, node));
  const { wall_s } = tree.root.prepared.graph;
  const deadline = wall_s !== undefined && run.deadline !== undefined ? run.deadline + by : undefined;
  shift(scope, waits, by, deadline);
}

/** Whether the node waits for a duration, not for a point in time. */
function isDuration(tree: RunTree, id: string, { status, until }: Readonly<NodeRecord>): boolean {
  if (status !== 'awaiting' || until === undefined) return false;
  const node = tree.place(id)?.node;
  return node?.kind !== 'wait' || node.until === undefined;
}
