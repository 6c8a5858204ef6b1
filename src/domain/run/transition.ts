// The only writer of a node's record, and of the counters, lists and sums that the run keeps of its nodes, once
// start.ts has made the run. Every command on a run ends here:
//
//   command --> transition --> run document: record, counters, list of claims, tokens     one event
//                   +--------> followers, in the order of their list: each may write        their own events,
//                              documents of its own                                          in the same commit
//
// By direct patches, so that the cost is that of the change: a run may hold thousands of nodes.

import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';
import type { EventType } from '../events.ts';
import { nodePointer, type RunDocument, runStream } from './document.ts';
import { follow } from './followers/index.ts';
import { liveOps } from './live.ts';
import type { Draft, RecordOf } from './record.ts';
import type { RunScope } from './scope.ts';

/**
 * Stores a node's record, updates the run's counters, list of claims and tokens, and calls the followers. Undefined
 * members are left out.
 */
export function transition(scope: RunScope, id: string, next: Draft, event: EventType): void {
  const { run } = scope;
  const place = scope.fullId(id);
  const before = run.nodes[place];
  const ops: PatchOp[] = [
    { op: 'add', path: nodePointer(place), value: next as unknown as Json },
    ...counterOps(run, before?.status, next.status),
    ...liveOps(run, place, before?.status, next.status),
  ];
  const spent = (next.tokens ?? 0) - (before?.tokens ?? 0);
  if (spent > 0) ops.push({ op: 'add', path: '/tokens', value: (run.tokens ?? 0) + spent });
  const data: JsonObject = { node: place, attempt: next.attempt, fence: next.fence };
  if (next.agent !== undefined) data.agent = next.agent;
  scope.tx.patch(runStream(run.id), { type: event, data }, ops);
  follow(scope, id, before, next);
}

/** Stores skips that follow from the ends of needs, as one event: thousands may follow at once. */
export function skipAll(scope: RunScope, skips: readonly [string, RecordOf<'skipped'>][]): void {
  const { run } = scope;
  const ops = skips.map(([id, record]): PatchOp => {
    return { op: 'add', path: nodePointer(scope.fullId(id)), value: record as unknown as Json };
  });
  const value = (run.counters.skipped ?? 0) + skips.length;
  scope.tx.patch(runStream(run.id), { type: 'nodes.skipped', data: { count: skips.length } }, [
    ...ops,
    { op: 'add', path: '/counters/skipped', value },
  ]);
  for (const [id, record] of skips) follow(scope, id, undefined, record);
}

/**
 * Removes the records of skips that no longer follow, as one event. Followers are not told: they follow tasks and
 * claims, and such a node has neither.
 */
export function takeBack(scope: RunScope, ids: readonly string[]): void {
  const { run } = scope;
  const ops = ids.map((id): PatchOp => ({ op: 'remove', path: nodePointer(scope.fullId(id)) }));
  const value = (run.counters.skipped ?? 0) - ids.length;
  scope.tx.patch(runStream(run.id), { type: 'nodes.taken_back', data: { count: ids.length } }, [
    ...ops,
    { op: 'add', path: '/counters/skipped', value },
  ]);
}

/**
 * Changes the lease or the process of a claimed record; status and counters stay. Throws if the node is not claimed: a
 * bug.
 */
export function amend(
  scope: RunScope,
  id: string,
  changes: Pick<RecordOf<'claimed'>, 'lease_until' | 'process'>,
  event: EventType,
  data: JsonObject = {},
): void {
  const place = scope.fullId(id);
  const node = scope.run.nodes[place];
  if (node?.status !== 'claimed') throw new Error(`${place} of ${scope.id} is not claimed`);
  // Copied, because the patch changes the record in place.
  const before = { ...node };
  const ops = Object.entries(changes).map(
    ([member, value]): PatchOp => ({ op: 'add', path: nodePointer(place, member), value }),
  );
  scope.tx.patch(runStream(scope.id), { type: event, data: { node: place, ...data } }, ops);
  follow(scope, id, before, { ...before, ...changes });
}

function counterOps({ counters }: Readonly<RunDocument>, before: NodeStatus | undefined, next: NodeStatus): PatchOp[] {
  if (before === next) return [];
  // `add`, not `replace`: a run stored before a status existed has no counter for it.
  const count = (status: NodeStatus, by: number): PatchOp => ({
    op: 'add',
    path: `/counters/${status}`,
    value: (counters[status] ?? 0) + by,
  });
  return before === undefined ? [count(next, 1)] : [count(before, -1), count(next, 1)];
}
