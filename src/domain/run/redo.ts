// Runs nodes again after a rejection, with everything between them and the question, which is then asked anew. Called
// by answer.ts.

import { clearScope } from './begin-again.ts';
import { carriedOver } from './record.ts';
import { beginsByItself } from './reopen.ts';
import type { RunScope } from './scope.ts';
import { surveyAt, takeBackSkips } from './take-back.ts';
import { takeBack, transition } from './transition.ts';
import type { Place } from './tree.ts';

/** Runs `nodes`, and what follows them up to the question at `asked`, again. What is at work goes on. */
export function redo(scope: RunScope, asked: Place, nodes: readonly string[]): void {
  const { prefix, prepared } = asked.scope;
  const before = surveyAt(scope, asked);
  const again = between(
    asked,
    nodes.map((node) => prefix + node),
  );
  // The question first, or what follows a node would still count as begun.
  takeBack(scope, [asked.id]);
  for (const id of again) {
    const node = scope.record(id);
    const place = scope.place(id);
    if (node === undefined || place === undefined || (node.status !== 'finished' && node.status !== 'failed')) continue;
    const { fence, claim } = node;
    const numbers = { attempt: 0, fence, from_fence: fence, claim };
    if (beginsByItself(place)) {
      clearScope(scope, id);
      takeBack(scope, [id]);
    } else transition(scope, id, { ...carriedOver(node), ...numbers, status: 'retrying' }, 'node.retried');
  }
  for (const id of again) {
    const index = prepared.index.get(id);
    if (index !== undefined) takeBackSkips(scope, { ...asked, index, id }, before);
  }
}

/** The nodes that follow the first ones, themselves included, and come before the question. */
function between({ scope: { prepared }, index }: Place, first: readonly string[]): string[] {
  const { dependents, needs, ids } = prepared;
  const reach = (from: readonly number[], edges: typeof needs): Set<number> => {
    const seen = new Set(from);
    for (const node of seen)
      for (const next of edges.to.subarray(edges.start[node], edges.start[node + 1])) seen.add(next);
    return seen;
  };
  const after = reach(
    first.flatMap((id) => prepared.index.get(id) ?? []),
    dependents,
  );
  const upTo = reach([index], needs);
  return ids.filter((_, i) => i !== index && after.has(i) && upTo.has(i));
}
