// Skips that follow from the ends of needs, in graphs with triggers: recorded in the commit in which they follow, and
// taken back when a node before them is to be done after all. Called by status.ts and control.ts.

import { causeOfSkip, type Survey, survey } from '../../graph/ready/survey.ts';
import type { RecordOf } from './record.ts';
import type { RunScope } from './scope.ts';
import { skipAll, takeBack } from './transition.ts';

/** Records every skip that follows now. One walk finds all: a skip is known before the nodes behind it are judged. */
export function settleSkips(scope: RunScope): void {
  const found = surveyOf(scope);
  if (found === undefined) return;
  const { prepared } = scope.graph;
  const skips = found.verdicts.flatMap((verdict, i): [string, RecordOf<'skipped'>][] => {
    if (verdict !== 'skipped') return [];
    const cause = causeOfSkip(prepared, found, i);
    const ended_at = scope.ctx.now;
    const record = { status: 'skipped' as const, why: 'upstream' as const, attempt: 0, fence: 0, ended_at };
    return [[prepared.ids[i] ?? '', cause === undefined ? record : { ...record, cause: prepared.ids[cause] ?? '' }]];
  });
  if (skips.length > 0) skipAll(scope, skips);
}

/** How the nodes stand now; undefined in a graph without triggers. */
export function surveyOf({ run, graph: { prepared } }: RunScope): Survey | undefined {
  return prepared.triggers === undefined ? undefined : survey(prepared, run.nodes, run.on_failure);
}

/**
 * Takes back the skips behind a node that had ended and has been decided on; where that lifts a halt, also behind the
 * nodes that were dead by it. A skip stays if something behind it has begun. `before`: the survey before the decision.
 */
export function takeBackSkips(scope: RunScope, index: number, before: Survey | undefined): void {
  const after = before === undefined ? undefined : surveyOf(scope);
  if (before === undefined || after === undefined) return;
  const { dependents, order, ids } = scope.graph.prepared;
  const lifted = before.halted && !after.halted ? before.deadByHalt : [];
  const behind = new Set([index, ...lifted]);
  const next = (node: number): Int32Array => dependents.to.subarray(dependents.start[node], dependents.start[node + 1]);
  for (const node of behind) for (const one of next(node)) behind.add(one);
  behind.delete(index);
  const gone = new Set<string>();
  for (const node of order.toReversed()) {
    const id = ids[node] ?? '';
    const record = scope.record(id);
    if (!behind.has(node) || record?.status !== 'skipped' || record.why !== 'upstream') continue;
    const isFree = next(node).every((one) => gone.has(ids[one] ?? '') || scope.record(ids[one] ?? '') === undefined);
    if (isFree) gone.add(id);
  }
  if (gone.size > 0) takeBack(scope, [...gone]);
}
