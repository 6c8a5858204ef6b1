// Overrules a gate: the work goes on without it. Called by control-node.ts.

import { fail, type Result } from '../../failure/failure.ts';
import type { ControlInput } from './control.ts';
import { gateOf, isAuthor, judgesOf } from './judge.ts';
import { carriedOver } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import type { Place } from './tree.ts';

/** Why an action is none for a node that judges, or `waive` none for the node; undefined if it may be tried. */
export function gateRefusal(scope: RunScope, place: Place, input: ControlInput): Result<never> | undefined {
  const { action, decision, reason } = input;
  const what = `${action} of ${place.id}`;
  const no = (why: string, how: string): Result<never> => fail({ code: 'not-allowed', what, why, how });
  const gate = gateOf(scope.tree(), place);
  if (gate === undefined) {
    return action === 'waive' ? no('it is no gate', 'name a node of a gate, such as build!tests') : undefined;
  }
  if (action === 'skip_node' || (action === 'decide' && (decision === 'done' || decision === 'skip')))
    return no('it judges work', 'use retry_node, waive, or decide with retry or failed');
  if (action !== 'waive') return undefined;
  if (!('waivable' in gate) || gate.waivable !== true)
    return no('the graph does not say that it is waivable', 'mend what it found, or start a run of a graph that does');
  if (isAuthor(scope, scope.record(place.scope.record?.of ?? '')))
    return no('you did the work that it judges', 'let a person or another agent waive it');
  if (reason !== undefined && reason.trim() !== '') return undefined;
  return fail({ code: 'invalid-input', issues: [{ at: 'reason', why: 'required for waive' }] });
}

/** Overrules the gate of a node. */
export function waive(scope: RunScope, place: Place, reason: string | undefined): void {
  const { by, now } = scope.ctx;
  const gate = gateOf(scope.tree(), place);
  if (gate === undefined) return;
  const waived =
    by.grade === 'person'
      ? { grade: 'person' as const, by: by.user }
      : { grade: 'claimed' as const, by: [by.session ?? by.user, by.agent ?? 'main'].join('.') };
  for (const id of judgesOf(gate, place.scope.prefix)) {
    const node = scope.record(id);
    if (node?.status === 'finished') continue;
    const { attempt = 0, fence = 0, claim, started_at } = node ?? {};
    const kept = { ...carriedOver(node), error: undefined, attempt, fence, claim, started_at };
    const next = {
      ...kept,
      status: 'skipped' as const,
      why: 'by_hand' as const,
      ended_at: now,
      summary: reason,
      waived,
    };
    transition(scope, id, next, 'node.skipped');
  }
}
