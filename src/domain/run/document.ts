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
import type { RunGraph } from '../../graph/definition.ts';
import type { FailurePolicy } from '../../graph/graph.ts';
import { type Counters, countNodes } from '../../graph/ready/outcome.ts';
import type { RunNode } from '../../graph/ready/run-node.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import { isId } from '../../store/stream.ts';
import type { Context, Transaction } from '../command.ts';

export const RUN_STATUSES = ['running', 'paused', 'finished', 'failed', 'stuck', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** A process, told apart from any later one of the same number. `start` is what `processStart` says. */
export interface ProcessId {
  host: string;
  boot: string;
  pid: number;
  start: string;
}

/** A result that came when its claim no longer held: kept for whoever decides, without effect. */
export interface LateResult {
  claim: string;
  at: number;
  status: 'done' | 'failed';
  agent?: string;
  summary?: string;
  output?: Json;
  output_blob?: string;
}

/** A claim that ended without a report and was given to another. */
export interface LostClaim {
  claim: string;
  agent: string;
  session?: string;
  since: number;
}

/** What the store holds of one node. Times are ms since the epoch; `agent` is the presence key, see `agentKey`. */
export interface NodeRecord extends RunNode {
  /** The agent's name within its session, as it gave it. */
  agent_name?: string;
  /** From the definition, so that views need not load it. */
  title?: string;
  lease_ms?: number;
  /** The server process that claimed it, for nodes that servers run. */
  server?: ProcessId;
  /** The process it started. On the server's host and boot. */
  process?: { pid: number; start: string };
  percent?: number;
  /** An output too large for the document: a blob, and its size in bytes. */
  output_blob?: string;
  output_bytes?: number;
  tokens?: number;
  cost_usd?: number;
  /** Agents that said they cannot do it. */
  excluded?: string[];
  late?: LateResult[];
  lost?: LostClaim[];
  /** Ended because its task was, by hand: a result of its last holder is still to come. */
  outside?: true;
  /** The run whose result this is. */
  reused_from?: string;
}

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
}

export type { RunGraph };

export function runStream(id: string): string {
  return `run/${id}`;
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

/** The run as a decision needs it. Throws if the caller brought another definition: a bug. */
export function findRun(tx: Transaction, id: string, graph?: RunGraph): Result<Readonly<RunDocument>> {
  const run = isId(id) ? tx.read<RunDocument>(runStream(id)) : undefined;
  if (run === undefined) return fail({ code: 'unknown-run', run: id, near: [] });
  if (graph !== undefined && run.graph !== graph.hash) throw new Error(`${id} is a run of another graph`);
  return ok(run);
}

/** Nothing of the run can be claimed any more, unless somebody decides otherwise. */
export function hasEnded(status: RunStatus): boolean {
  return status === 'finished' || status === 'failed' || status === 'cancelled';
}

export function noNodes(): Counters {
  return countNodes({});
}
