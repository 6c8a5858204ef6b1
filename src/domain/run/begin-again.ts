// Begins the next iteration of a node: it may be claimed again, or its scope begins anew with fences above all that
// were given. Called by repeat.ts.

import { formatPointer } from '../../json/pointer.ts';
import { runStream } from './document.ts';
import { carriedOver, type Draft, type NodeRecord } from './record.ts';
import type { RunScope } from './scope.ts';
import { takeBack, transition } from './transition.ts';
import type { Place } from './tree.ts';

export interface NextIteration {
  before: Readonly<NodeRecord> | undefined;
  /** The record of the iteration that ended. */
  next: Draft<'finished'>;
  iteration: number;
  same: { hash: string; times: number };
  /** What it brought. */
  previous: NonNullable<NodeRecord['previous']>;
  /** Not before this time, in ms since the epoch. */
  pause: number | undefined;
}

export function beginAgain(
  scope: RunScope,
  place: Place,
  { before, next, iteration, same, previous, pause }: NextIteration,
): void {
  const { id } = place;
  const { tokens, cost_usd } = next;
  const { fence = 0, claim } = before ?? {};
  const { error: _, began_at: __, same_error: ___, ...kept } = carriedOver(before);
  const numbers = { attempt: 0, fence, from_fence: fence, claim, iteration, same, previous, tokens, cost_usd };
  if (place.scope.prepared.begins[place.index] === 1) clearScope(scope, id);
  transition(scope, id, { ...kept, ...numbers, status: 'retrying', not_before: pause }, 'node.repeated');
}

/** Removes what a node opened, so that it is opened anew: claims inside go on above the highest fence so far. */
export function clearScope(scope: RunScope, id: string): void {
  const within = scope.tree().within(id);
  if (within === undefined) return;
  const { run, tx } = scope;
  const inside = Object.keys(run.nodes).filter((one) => one.startsWith(within.prefix));
  const fences = inside.map((one) => run.nodes[one]?.fence ?? 0);
  const fence = Math.max(run.fences?.[within.prefix] ?? 0, ...fences);
  takeBack(scope, inside);
  const gone = Object.keys(run.scopes ?? {}).filter((prefix) => prefix.startsWith(within.prefix));
  const ops = gone.map((prefix) => ({ op: 'remove' as const, path: formatPointer(['scopes', prefix]) }));
  const first = run.fences === undefined ? [{ op: 'add' as const, path: '/fences', value: {} }] : [];
  const kept = { op: 'add' as const, path: formatPointer(['fences', within.prefix]), value: fence };
  tx.patch(runStream(run.id), { type: 'scope.cleared', data: { scope: within.prefix } }, [...ops, ...first, kept]);
  scope.scopesChanged();
}
