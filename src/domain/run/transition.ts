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
import { formatPointer } from '../../json/pointer.ts';
import type { EventType } from '../events.ts';
import { nodePointer, type RunDocument, runStream } from './document.ts';
import { follow } from './followers/index.ts';
import { liveOps } from './live.ts';
import type { Draft, NodeRecord, RecordOf } from './record.ts';
import type { Kept } from './reuse.ts';
import type { RunScope } from './scope.ts';
import { holderOf } from './tree.ts';

/**
 * Stores a node's record, updates the run's counters, list of claims and tokens, and calls the followers. Undefined
 * members are left out.
 */
export function transition(scope: RunScope, id: string, next: Draft, event: EventType): void {
  const { run } = scope;
  const before = run.nodes[id];
  const ops: PatchOp[] = [
    { op: 'add', path: nodePointer(id), value: next as unknown as Json },
    ...counterOps(run, holderOf(run, id), countsFor(before?.status, next.status)),
    ...liveOps(run, id, before?.status, next.status),
  ];
  const spent = (next.tokens ?? 0) - (before?.tokens ?? 0);
  if (spent > 0) ops.push({ op: 'add', path: '/tokens', value: (run.tokens ?? 0) + spent });
  const data: JsonObject = { node: id, attempt: next.attempt, fence: next.fence };
  if (next.agent !== undefined) data.agent = next.agent;
  scope.tx.patch(runStream(run.id), { type: event, data }, ops);
  follow(scope, id, before, next);
}

/** Stores skips of nodes of one scope that follow by themselves, as one event: thousands may follow at once. */
export function skipAll(scope: RunScope, prefix: string, skips: readonly [string, RecordOf<'skipped'>][]): void {
  const { run } = scope;
  const ops = skips.map(([id, record]): PatchOp => {
    return { op: 'add', path: nodePointer(id), value: record as unknown as Json };
  });
  const data = { count: skips.length, ...(prefix === '' ? {} : { scope: prefix }) };
  const counts = counterOps(run, prefix, { skipped: skips.length });
  scope.tx.patch(runStream(run.id), { type: 'nodes.skipped', data }, [...ops, ...counts]);
  for (const [id, record] of skips) follow(scope, id, undefined, record);
}

/**
 * Removes records of nodes that had not begun, or begin anew, as one event. Followers are not told: they follow tasks
 * and claims, and such a node has neither.
 */
export function takeBack(scope: RunScope, ids: readonly string[]): void {
  const { run } = scope;
  const ops = ids.map((id): PatchOp => ({ op: 'remove', path: nodePointer(id) }));
  const counts = new Map<string, Counts>();
  for (const id of ids) {
    const status = run.nodes[id]?.status;
    if (status === undefined) continue;
    for (const prefix of new Set(['', holderOf(run, id)])) {
      const of = counts.get(prefix) ?? {};
      of[status] = (of[status] ?? 0) - 1;
      counts.set(prefix, of);
    }
  }
  const sums = [...counts].flatMap(([prefix, of]) => countsAt(run, prefix, of));
  scope.tx.patch(runStream(run.id), { type: 'nodes.taken_back', data: { count: ids.length } }, [...ops, ...sums]);
}

/** Stores results of an earlier run as one event. Followers are not told: such nodes have neither tasks nor claims. */
export function keep(scope: RunScope, { nodes, scopes }: Kept): void {
  const { tx, run } = scope;
  const ops = Object.entries(nodes).map(([id, record]): PatchOp => {
    return { op: 'add', path: nodePointer(id), value: record as unknown as Json };
  });
  for (const [prefix, record] of Object.entries(scopes))
    ops.push({ op: 'add', path: formatPointer(['scopes', prefix]), value: record as unknown as Json });
  const counts = new Map<string, Counts>();
  const all = { scopes: { ...run.scopes, ...scopes } };
  for (const [id, { status }] of Object.entries(nodes)) {
    const holder = holderOf(all, id);
    // A scope that is taken over whole brings its own numbers.
    for (const prefix of Object.hasOwn(scopes, holder) ? [''] : new Set(['', holder])) {
      const of = counts.get(prefix) ?? {};
      of[status] = (of[status] ?? 0) + 1;
      counts.set(prefix, of);
    }
  }
  for (const [prefix, of] of counts) ops.push(...countsAt(run, prefix, of));
  tx.patch(runStream(run.id), { type: 'nodes.kept', data: { count: Object.keys(nodes).length } }, ops);
  scope.scopesChanged();
}

/** Moves the times for which nodes wait, and the run's deadline, by what a pause took; ends the pause. */
export function shift(
  { tx, run }: RunScope,
  waits: readonly [string, Readonly<NodeRecord>][],
  by: number,
  deadline: number | undefined,
): void {
  const ops = waits.map(([id, { until = 0 }]): PatchOp => {
    return { op: 'add', path: nodePointer(id, 'until'), value: until + by };
  });
  if (deadline !== undefined) ops.push({ op: 'add', path: '/deadline', value: deadline });
  tx.patch(runStream(run.id), { type: 'run.shifted', data: { ms: by } }, [
    ...ops,
    { op: 'remove', path: '/paused_at' },
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
  const node = scope.run.nodes[id];
  if (node?.status !== 'claimed') throw new Error(`${id} of ${scope.id} is not claimed`);
  // Copied, because the patch changes the record in place.
  const before = { ...node };
  const ops = Object.entries(changes).map(
    ([member, value]): PatchOp => ({ op: 'add', path: nodePointer(id, member), value }),
  );
  scope.tx.patch(runStream(scope.id), { type: event, data: { node: id, ...data } }, ops);
  follow(scope, id, before, { ...before, ...changes });
}

type Counts = Partial<Record<NodeStatus, number>>;

function countsFor(before: NodeStatus | undefined, next: NodeStatus): Counts {
  if (before === next) return {};
  return before === undefined ? { [next]: 1 } : { [before]: -1, [next]: 1 };
}

/** Adds to the numbers of the run, and of the scope with this prefix. */
function counterOps(run: Readonly<RunDocument>, prefix: string, counts: Counts): PatchOp[] {
  return [...countsAt(run, '', counts), ...(prefix === '' ? [] : countsAt(run, prefix, counts))];
}

/** The numbers of one scope; with an empty prefix those of the run, in which every node counts. */
function countsAt({ counters, scopes }: Readonly<RunDocument>, prefix: string, counts: Counts): PatchOp[] {
  const at = prefix === '' ? ['counters'] : ['scopes', prefix, 'counters'];
  const now: Counts = prefix === '' ? counters : (scopes?.[prefix]?.counters ?? {});
  // `add`, not `replace`: a run stored before a status existed has no counter for it.
  return Object.entries(counts).map(([status, by]): PatchOp => {
    return { op: 'add', path: formatPointer([...at, status]), value: (now[status as NodeStatus] ?? 0) + by };
  });
}
