// Taking back: the skips and conditions behind a node that is to be done after all follow anew. Called by
// control-node.ts, reopen.ts and redo.ts.

import type { Survey } from '../../graph/ready/survey.ts';
import { formatPointer } from '../../json/pointer.ts';
import { runStream } from './document.ts';
import type { RunScope } from './scope.ts';
import { takeBack } from './transition.ts';
import type { Place } from './tree.ts';

/** How the nodes of the scope that holds a node stand now; undefined in a graph without triggers. */
export function surveyAt(scope: RunScope, { scope: { prefix } }: Place): Survey | undefined {
  const tree = scope.tree();
  return tree.surveyOf(tree.scope(prefix));
}

/**
 * Takes back the skips and the conditions behind a node that had ended and has been decided on; where that lifts a
 * halt, also behind the nodes that were dead by it. A skip stays if something behind it has begun. `before`: the survey
 * before the decision.
 */
export function takeBackSkips(scope: RunScope, place: Place, before: Survey | undefined): void {
  const after = before === undefined ? undefined : surveyAt(scope, place);
  if (before === undefined || after === undefined) return;
  const { dependents, order, ids } = place.scope.prepared;
  const lifted = before.halted && !after.halted ? before.deadByHalt : [];
  const behind = new Set([place.index, ...lifted]);
  const next = (node: number): Int32Array => dependents.to.subarray(dependents.start[node], dependents.start[node + 1]);
  for (const node of behind) for (const one of next(node)) behind.add(one);
  behind.delete(place.index);
  const gone = new Set<string>();
  for (const node of order.toReversed()) {
    const id = ids[node] ?? '';
    const record = scope.record(id);
    if (!behind.has(node) || record?.status !== 'skipped' || !followed(record.why)) continue;
    const isFree = next(node).every((one) => gone.has(ids[one] ?? '') || scope.record(ids[one] ?? '') === undefined);
    if (isFree) gone.add(id);
  }
  // What the halt cancelled without anybody having begun it is awaited anew.
  if (before.halted && !after.halted)
    for (const id of ids) if (scope.record(id)?.status === 'cancelled' && isAwaited(place, id)) gone.add(id);
  if (gone.size > 0) takeBack(scope, [...gone]);
  forget(
    scope,
    [...behind].map((node) => ids[node] ?? ''),
  );
}

function isAwaited({ scope: { prepared } }: Place, id: string): boolean {
  return prepared.begins[prepared.index.get(id) ?? -1] === 1;
}

/** Whether a skip followed by itself. */
export function followed(why: string | undefined): boolean {
  return why === 'upstream' || why === 'condition';
}

/** Conditions that held are asked again, where the node has not begun. */
function forget({ tx, run }: RunScope, ids: readonly string[]): void {
  const noted = ids.filter((id) => run.noted?.[id] === true && run.nodes[id] === undefined);
  if (noted.length === 0) return;
  const ops = noted.map((id) => ({ op: 'remove' as const, path: formatPointer(['noted', id]) }));
  tx.patch(runStream(run.id), { type: 'conditions.forgotten', data: { count: noted.length } }, ops);
}
