// The run document: one execution of a graph. Its shape, the ids of its claims, and how commands find it. Pure.
//
//   running ◄──► paused                     run_control
//     │ ▲ │
//     │ │ └──► stuck ──decision──► running  every node that is left waits for somebody's decision
//     │ └───── failed ──retry_node, skip_node
//     ├──► failed | finished                in the commit of the report that decides it
//     └──► cancelled                        run_control; final, as finished is
//
//   failed, cancelled ──► compensating ──► compensated     where its policy says so; final

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Stage } from '../../graph/gates/define.ts';
import type { FailurePolicy } from '../../graph/graph.ts';
import type { Begun } from '../../graph/ready/order.ts';
import type { Counters } from '../../graph/ready/outcome.ts';
import type { Limits } from '../../graph/ready/ready.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import { formatPointer, parsePointer } from '../../json/pointer.ts';
import { isId } from '../../store/stream.ts';
import type { Context, Transaction } from '../command.ts';
import type { NodeRecord } from './record.ts';

export const RUN_STATUSES = [
  'running',
  'paused',
  'finished',
  'failed',
  'stuck',
  'cancelled',
  'compensating',
  'compensated',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface RunDocument {
  schema: 1;
  id: string;
  /** Hash of the definition, which is a blob. */
  graph: string;
  name: string;
  project: string;
  workspace: string;
  /** The session that started the run. */
  session: string;
  status: RunStatus;
  /** Why somebody paused or cancelled it, in their words. */
  reason?: string;
  inputs: JsonObject;
  /** The earlier run whose unchanged results it takes over, also in scopes that open later. */
  resumed_from?: string;
  /** The sprint whose tasks are its nodes, as stored: `spr-2`. */
  sprint?: string;
  /** The most nodes claimed at once. Absent: no limit. */
  max_parallel?: number;
  on_failure: FailurePolicy;
  started_at: string;
  ended_at?: string;
  /** Tokens that its agents reported as spent. Absent: none. */
  tokens?: number;
  /** The number of nodes of each status; a waiting node has no record and is not counted. */
  counters: Counters;
  nodes: Record<string, NodeRecord>;
  /**
   * Ids of the claimed nodes, see live.ts. Absent in a run stored before this list existed and not claimed from since.
   */
  live?: Record<string, true>;
  /** When it has to have ended, in ms since the epoch, and whether that time has passed: then it is halted. */
  deadline?: number;
  overdue?: true;
  /** Since when it is paused, in ms since the epoch. */
  paused_at?: number;
  /** The scopes that nodes have opened, by the prefix of their nodes' ids. Absent: none yet. */
  scopes?: Record<string, ScopeRecord>;
  /** Nodes whose condition was asked, and held. */
  noted?: Record<string, true>;
  /** The definitions of sub-graphs by the names that nodes use, as they were when the run started. */
  pinned?: Record<string, string>;
  /** The highest fences of nodes that are gone, by the beginning of their ids: new claims go on above them. */
  fences?: Record<string, number>;
  /** What came with signals for which no wait was open: each is taken by the next wait for it. */
  signals?: Record<string, Json>;
}

/** A scope below the run's own graph: the nodes that one node opened. */
export interface ScopeRecord {
  /** The node that opened it, by its full id; empty for undos, which no node opens. */
  of: string;
  kind: 'graph' | 'map' | 'gates' | 'undo';
  /** Of a graph: the hash of its definition, and the inputs of its nodes. */
  graph?: string;
  inputs?: JsonObject;
  /** Of gates: the stage they are in and since when, in ms since the epoch; the fence of the work that they judge. */
  stage?: Stage;
  since?: number;
  fence?: number;
  /** Of a map: the keys of its items in the order of the list, and the hash of each. */
  keys?: string[];
  hashes?: string[];
  /** Of undos: for each node those that are undone before it. */
  after?: Record<string, string[]>;
  /** The number of its nodes of each status, as in the run. */
  counters: Counters;
  ended?: true;
}

export function runStream(id: string): string {
  return `run/${id}`;
}

/** When a run began, and with it the scope of its own graph. */
export function begunOf({ started_at }: Pick<RunDocument, 'started_at'>): Begun {
  const run = Date.parse(started_at);
  return { run, scope: run };
}

/** The limits of a run that scheduling needs beside its graph. */
export function limitsOf(run: Readonly<RunDocument>): Limits & { onFailure: FailurePolicy; begun: Begun } {
  const limits = { onFailure: run.on_failure, noted: run.noted, haltedAbove: run.overdue, begun: begunOf(run) };
  return run.max_parallel === undefined ? limits : { ...limits, maxParallel: run.max_parallel };
}

/** The pointer to a node's record, or to one member of it; ids are escaped. */
export function nodePointer(node: string, member?: string): string {
  return formatPointer(member === undefined ? ['nodes', node] : ['nodes', node, member]);
}

/**
 * The node whose record a pointer into a run document names, and whether it names the whole record. Undefined for any
 * other pointer.
 */
export function nodeAt(pointer: string): { node: string; whole: boolean } | undefined {
  if (!pointer.startsWith('/nodes/')) return undefined;
  const [, node, ...rest] = parsePointer(pointer);
  return node === undefined ? undefined : { node, whole: rest.length === 0 };
}

/** A new claim id, opaque to clients. Its random end keeps a client from guessing one. */
export function newClaimId(ctx: Context, run: string, node: string, fence: number): string {
  return `${run}.${node}.${fence}.${ctx.id('c').slice(-6)}`;
}

/** The parts of a claim id, or undefined if it cannot be one. Node ids may hold dots; run ids do not. */
export function parseClaim(claim: string): { run: string; node: string; fence: number } | undefined {
  const parts = /^([a-z0-9-]+)\.([a-z0-9][a-z0-9._/@!:-]*)\.([1-9]\d{0,8})\.[a-z0-9]{6}$/.exec(claim);
  const [, run, node, fence] = parts ?? [];
  if (run === undefined || node === undefined || !isId(run)) return undefined;
  return { run, node, fence: Number(fence) };
}

/** The run's document. Fails with `unknown-run`. */
export function findRun(tx: Transaction, id: string): Result<Readonly<RunDocument>> {
  const run = isId(id) ? tx.read<RunDocument>(runStream(id)) : undefined;
  if (run === undefined) return fail({ code: 'unknown-run', run: id, near: [] });
  return ok(run);
}

/** How the run stands, with the reason that somebody gave. */
export function standingInWords({ status, reason }: Readonly<RunDocument>): string {
  return reason === undefined ? `the run is ${status}` : `the run is ${status}: ${reason}`;
}

/** The fence above which claims of a node begin: above those of nodes that were there before under its id. */
export function fenceBelow({ fences = {} }: Pick<RunDocument, 'fences'>, id: string): number {
  return Object.entries(fences).reduce(
    (most, [prefix, fence]) => (id.startsWith(prefix) ? Math.max(most, fence) : most),
    0,
  );
}

/** Whether nodes of the run may begin now. */
export function isUnderWay(status: RunStatus): boolean {
  return status === 'running' || status === 'stuck' || status === 'compensating';
}

/** Whether nothing of the run can be claimed any more; a failed run goes on after retry_node or skip_node. */
export function hasEnded(status: RunStatus): boolean {
  return status === 'finished' || status === 'failed' || status === 'cancelled' || status === 'compensated';
}
