// Ends work whose result is accepted: the node is finished, or, with `repeat`, begins its next iteration or fails
// because it does not get there. Called by report.ts and close.ts.
//
//   until holds for {output, iteration}          finished
//   not, and iterations are left                 begins again, with the output as the next one's last_output
//   not, the last iteration                      failed not_converged
//   the same output three times in a row         failed no_progress; only agents, and only without delay_s

import { hashOf } from '../../json/canonical.ts';
import type { Json } from '../../json/json.ts';
import { holds, parseCondition } from '../../path/condition.ts';
import { beginAgain } from './begin-again.ts';
import type { Draft, NodeRecord } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import type { Place } from './tree.ts';

/** Characters of JSON of an output that stands in the record. */
const MAX_KEPT_CHARS = 8_192;
/** The same output so many times in a row is no progress. */
const MAX_SAME = 3;

/** Ends the node, or begins its next iteration. `next`: its record if it is finished. `output`: what it brought. */
export function endWork(scope: RunScope, place: Place, next: Draft<'finished'>, output: () => Json | undefined): void {
  const { repeat, kind, map } = place.node;
  // A map's `repeat` is that of its items: the map itself is done once.
  if (repeat === undefined || map !== undefined) {
    transition(scope, place.id, next, 'node.finished');
    return;
  }
  const before = scope.record(place.id);
  const iteration = before?.iteration ?? 1;
  const brought = output() ?? null;
  if (isReached(repeat.until, { output: brought, iteration })) {
    transition(scope, place.id, { ...next, iteration }, 'node.finished');
    return;
  }
  const same = sameAgain(before, brought);
  const stalls = same.times >= MAX_SAME && kind === 'agent' && repeat.delay_s === undefined;
  const error = stalls
    ? { kind: 'no_progress', message: `the same output ${MAX_SAME} times in a row` }
    : { kind: 'not_converged', message: `"${repeat.until}" did not hold after ${iteration} iterations` };
  if (stalls || iteration >= repeat.max) {
    const { outside: _, reused_from: __, ...kept } = next;
    transition(scope, place.id, { ...kept, iteration, same, error, status: 'failed' }, 'node.failed');
    return;
  }
  const pause = repeat.delay_s === undefined ? undefined : scope.ctx.now + repeat.delay_s * 1_000;
  const previous = keptOutput(next, brought);
  beginAgain(scope, place, { before, next, iteration: iteration + 1, same, previous, pause });
}

/** The output for the next iteration; that of a scope, which is in no record, only if it is small. */
function keptOutput({ output, output_blob }: Draft<'finished'>, brought: Json): NonNullable<NodeRecord['previous']> {
  if (output_blob !== undefined) return { output_blob };
  if (output !== undefined) return { output };
  return JSON.stringify(brought).length <= MAX_KEPT_CHARS ? { output: brought } : {};
}

/** A condition that takes too much work does not hold. */
function isReached(until: string, value: { output: Json; iteration: number }): boolean {
  const condition = parseCondition(until);
  const found = condition.ok ? holds(condition.value, value) : condition;
  return found.ok && found.value;
}

function sameAgain(node: Readonly<NodeRecord> | undefined, output: Json): { hash: string; times: number } {
  const hash = hashOf(output, 16);
  return { hash, times: node?.same?.hash === hash ? node.same.times + 1 : 1 };
}
