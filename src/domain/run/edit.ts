// Changes that the commands on runs share: one node's record, and the run's status that follows from all of them. By
// direct patches: a run may hold thousands of nodes, and a change must cost what the change costs.

import { runOutcome } from '../../graph/ready/outcome.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';
import type { Context, Transaction } from '../command.ts';
import type { EventType } from '../events.ts';
import { followClaim } from '../resource/pool.ts';
import { hasEnded, nodePointer, type RunDocument, type RunGraph, type RunStatus, runStream } from './document.ts';
import { carriedOver, type Draft, heldBy, type RecordOf } from './record.ts';
import { moveTask } from './sprint.ts';

export function readRun(tx: Transaction, id: string): Readonly<RunDocument> {
  const run = tx.read<RunDocument>(runStream(id));
  if (run === undefined) throw new Error(`run ${id} does not exist`);
  return run;
}

/** Stores a node's record and keeps counters, the project's list of claims and, in a sprint's run, its task in step. Undefined members are left out. */
export function setNode(tx: Transaction, ctx: Context, runId: string, id: string, next: Draft, event: EventType): void {
  const run = readRun(tx, runId);
  const { nodes, counters } = run;
  moveTask(tx, ctx, run, id, { before: nodes[id], next });
  followClaim(tx, ctx, run, id, { before: nodes[id], next });
  const before = nodes[id]?.status;
  const ops: PatchOp[] = [{ op: 'add', path: nodePointer(id), value: next as unknown as Json }];
  const count = (status: NodeStatus, by: number): void => {
    // Added, not replaced: a run that was stored before a status existed has no number for it.
    ops.push({ op: 'add', path: `/counters/${status}`, value: (counters[status] ?? 0) + by });
  };
  if (before !== next.status) {
    if (before !== undefined) count(before, -1);
    count(next.status, 1);
  }
  const spent = (next.tokens ?? 0) - (nodes[id]?.tokens ?? 0);
  if (spent > 0) ops.push({ op: 'add', path: '/tokens', value: (run.tokens ?? 0) + spent });
  const data: JsonObject = { node: id, attempt: next.attempt, fence: next.fence };
  if (next.agent !== undefined) data.agent = next.agent;
  tx.patch(runStream(runId), { type: event, data }, ops);
}

/** Brings the run's status in line with its nodes, in the commit that changed them. */
export function updateStatus(tx: Transaction, ctx: Context, graph: RunGraph, id: string): RunStatus {
  const run = readRun(tx, id);
  if (run.status === 'cancelled') return run.status;
  const outcome = runOutcome(graph.prepared, run.nodes, { counters: run.counters, onFailure: run.on_failure });
  const paused = run.status === 'paused' && !hasEnded(outcome);
  return setStatus(tx, ctx, id, paused ? 'paused' : outcome);
}

const STATUS_EVENTS: Record<RunStatus, EventType> = {
  running: 'run.resumed',
  paused: 'run.paused',
  finished: 'run.finished',
  failed: 'run.failed',
  stuck: 'run.stuck',
  cancelled: 'run.cancelled',
};

export function setStatus(tx: Transaction, ctx: Context, id: string, status: RunStatus): RunStatus {
  const run = readRun(tx, id);
  if (run.status === status) return status;
  const ops: PatchOp[] = [{ op: 'replace', path: '/status', value: status }];
  if (hasEnded(status)) ops.push({ op: 'add', path: '/ended_at', value: new Date(ctx.now).toISOString() });
  else if (run.ended_at !== undefined) ops.push({ op: 'remove', path: '/ended_at' });
  tx.patch(runStream(id), { type: STATUS_EVENTS[status] }, ops);
  return status;
}

/** The claim is over and nobody can account for it: the node waits for somebody's decision. */
export function markNeedsDecision(tx: Transaction, ctx: Context, runId: string, id: string, why: string): void {
  const node = readRun(tx, runId).nodes[id];
  if (node?.status !== 'claimed') return;
  const { lease_until: _, lease_ms: __, ...kept } = node;
  setNode(
    tx,
    ctx,
    runId,
    id,
    { ...kept, status: 'needs_decision', error: { kind: 'lost', message: why } },
    'node.undecided',
  );
}

/** The node may be claimed again at once; the claim that is over was no try. */
export function returnToQueue(
  tx: Transaction,
  ctx: Context,
  runId: string,
  id: string,
  event: EventType,
  more: Partial<Draft<'retrying'>> = {},
): void {
  const node = readRun(tx, runId).nodes[id];
  if (node === undefined) return;
  const { attempt, fence, claim } = node;
  setNode(
    tx,
    ctx,
    runId,
    id,
    { ...carriedOver(node), claim, status: 'retrying', attempt: attempt - 1, fence, ...more },
    event,
  );
}

/**
 * The node's task was finished or dropped outside the run: so is the node, and a claim on it takes no place any more. Who
 * held it stays on the record, so that a result of theirs is still taken up.
 */
export function endOutside(
  tx: Transaction,
  ctx: Context,
  graph: RunGraph,
  { run, node: id, status }: { run: string; node: string; status: 'finished' | 'skipped' },
): void {
  const before = readRun(tx, run).nodes[id];
  const summary = `its task was ${status === 'finished' ? 'done' : 'cancelled or archived'} outside the run`;
  const ended = { error: undefined, ended_at: ctx.now, summary, outside: true as const };
  const next = { ...carriedOver(before), ...heldBy(before), ...ended };
  setNode(tx, ctx, run, id, status === 'finished' ? { ...next, status } : { ...next, status }, `node.${status}`);
  updateStatus(tx, ctx, graph, run);
}

/** Whether a second start is harmless by the node's own word. */
export function isRepeatable(graph: RunGraph, id: string): boolean {
  const index = graph.prepared.index.get(id);
  return index !== undefined && graph.prepared.repeatable[index] === 1;
}

/** The lease as far as it must be stored: undefined while presence or what is stored still covers half of it. */
export function leaseToStore(node: Readonly<RecordOf<'claimed'>>, end: number, now: number): number | undefined {
  const lease = node.lease_ms ?? 0;
  return end - now >= lease / 2 ? undefined : now + lease;
}
