// The run document: one execution of a graph. Its shape, its claims' names and what every command on runs begins with.
// Pure.
//
//   running ◄──► paused                     run_control
//     │ ▲ │
//     │ │ └──► stuck ──decision──► running  every node that is left waits for somebody's decision
//     │ └───── failed ──retry_node, skip_node
//     ├──► failed | finished                in the commit of the report that decides it
//     └──► cancelled                        run_control; final, as finished is

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { FailurePolicy } from '../../graph/graph.ts';
import type { Counters } from '../../graph/ready/outcome.ts';
import type { JsonObject } from '../../json/json.ts';
import { formatPointer, parsePointer } from '../../json/pointer.ts';
import { isId } from '../../store/stream.ts';
import type { Context, Transaction } from '../command.ts';
import type { NodeRecord } from './record.ts';

export const RUN_STATUSES = ['running', 'paused', 'finished', 'failed', 'stuck', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface RunDocument {
  schema: 1;
  id: string;
  /** Hash of the definition, which is a blob. */
  graph: string;
  name: string;
  project: string;
  workspace: string;
  /** The session that started it. */
  session: string;
  status: RunStatus;
  inputs: JsonObject;
  /** The sprint whose tasks are its nodes, as stored: `spr-2`. */
  sprint?: string;
  /** Nodes that may be claimed at once. Absent: no limit. */
  max_parallel?: number;
  on_failure: FailurePolicy;
  started_at: string;
  ended_at?: string;
  /** Spent by its agents as they reported it. Absent: nothing. */
  tokens?: number;
  /** Nodes of each status; those that wait are in neither. */
  counters: Counters;
  nodes: Record<string, NodeRecord>;
  /** Ids of the claimed nodes, see live.ts. Absent in a run that nothing has claimed from since this list is kept. */
  live?: Record<string, true>;
}

export function runStream(id: string): string {
  return `run/${id}`;
}

/** What scheduling needs to know of a run beyond its graph. */
export function limitsOf(run: Readonly<RunDocument>): { onFailure: FailurePolicy; maxParallel?: number } {
  const limits = { onFailure: run.on_failure };
  return run.max_parallel === undefined ? limits : { ...limits, maxParallel: run.max_parallel };
}

/** Where a run document keeps a node's record, or one member of it. Ids may hold what a pointer must escape. */
export function nodePointer(node: string, member?: string): string {
  return formatPointer(member === undefined ? ['nodes', node] : ['nodes', node, member]);
}

/** The node that a pointer into a run document is about, and whether it is its whole record. Undefined: about none. */
export function nodeAt(pointer: string): { node: string; whole: boolean } | undefined {
  if (!pointer.startsWith('/nodes/')) return undefined;
  const [, node, ...rest] = parsePointer(pointer);
  return node === undefined ? undefined : { node, whole: rest.length === 0 };
}

/** Opaque to clients. The random end keeps a guess from being a claim. */
export function newClaimId(ctx: Context, run: string, node: string, fence: number): string {
  return `${run}.${node}.${fence}.${ctx.id('c').slice(-6)}`;
}

/** The parts of a claim, or undefined if it cannot be one. Node ids may hold dots; run ids do not. */
export function parseClaim(claim: string): { run: string; node: string; fence: number } | undefined {
  const parts = /^([a-z0-9-]+)\.([a-z0-9][a-z0-9._-]*)\.([1-9]\d{0,8})\.[a-z0-9]{6}$/.exec(claim);
  const [, run, node, fence] = parts ?? [];
  if (run === undefined || node === undefined || !isId(run)) return undefined;
  return { run, node, fence: Number(fence) };
}

export function findRun(tx: Transaction, id: string): Result<Readonly<RunDocument>> {
  const run = isId(id) ? tx.read<RunDocument>(runStream(id)) : undefined;
  if (run === undefined) return fail({ code: 'unknown-run', run: id, near: [] });
  return ok(run);
}

/** Nothing of the run can be claimed any more, unless somebody decides otherwise. */
export function hasEnded(status: RunStatus): boolean {
  return status === 'finished' || status === 'failed' || status === 'cancelled';
}
