// Opens scopes again that had ended: for a node inside that is tried again, and for a node that has one and is tried
// again itself. Called by control-node.ts and answer.ts.

import { formatPointer } from '../../json/pointer.ts';
import { runStream } from './document.ts';
import { carriedOver } from './record.ts';
import type { RunScope } from './scope.ts';
import { surveyAt, takeBackSkips } from './take-back.ts';
import { takeBack, transition } from './transition.ts';
import type { Place, Scope } from './tree.ts';

/** Whether nobody claims a node: the run begins it. */
export function beginsByItself({ scope: { prepared }, index }: Place): boolean {
  return prepared.begins[index] === 1;
}

/** The failed nodes around a node, outer ones first: their scopes have ended, and have to go on for it. */
export function enclosing(scope: RunScope, { scope: { record } }: Place): Place[] {
  const outer = record === undefined ? undefined : scope.place(record.of);
  if (outer === undefined || scope.record(outer.id)?.status !== 'failed') return [];
  return [...enclosing(scope, outer), outer];
}

/** Lets the ended scope of a failed node go on, and takes back what followed from its failure. */
export function reopen(scope: RunScope, place: Place): void {
  const { tx, run, ctx } = scope;
  const within = scope.tree().within(place.id);
  const node = scope.record(place.id);
  if (within === undefined || node === undefined) return;
  const before = surveyAt(scope, place);
  const isGated = within.record?.kind === 'gates';
  const { attempt, fence, started_at = ctx.now } = node;
  const { error: _, ...kept } = carriedOver(node);
  if (isGated && node.status === 'failed') {
    const { error: __, ended_at: ___, findings: ____, question: _____, ...work } = node;
    transition(scope, place.id, { ...work, status: 'gating', ended_at: ctx.now }, 'node.gating');
  } else transition(scope, place.id, { ...kept, status: 'open', attempt, fence, started_at }, 'node.opened');
  const path = formatPointer(['scopes', within.prefix, 'ended']);
  tx.patch(runStream(run.id), { type: 'scopes.reopened', data: { scope: within.prefix } }, [{ op: 'remove', path }]);
  takeBackSkips(scope, place, before);
}

/** Tries the nodes of a scope again that failed, or were cancelled with it, at every depth. */
export function retryInside(scope: RunScope, { prepared: { ids } }: Scope): void {
  for (const id of ids) {
    const node = scope.record(id);
    const place = scope.place(id);
    if (place === undefined || (node?.status !== 'failed' && node?.status !== 'cancelled')) continue;
    const before = surveyAt(scope, place);
    const inner = scope.tree().within(id);
    if (inner !== undefined && inner.record?.kind !== 'gates' && node.status === 'failed') {
      reopen(scope, place);
      retryInside(scope, inner);
    } else if (beginsByItself(place)) takeBack(scope, [id]);
    else {
      const { attempt, fence, claim } = node;
      transition(scope, id, { ...carriedOver(node), status: 'retrying', attempt, fence, claim }, 'node.retried');
    }
    takeBackSkips(scope, scope.place(id) ?? place, before);
  }
}
