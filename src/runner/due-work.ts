// Computes what is due for a runner now from the run documents: pure but for asking which processes live. Called by
// runner.ts. The result is a hint: each command decides by its own document again.

import { whereIs } from '../base/process-place.ts';
import { hasEnded, type RunDocument } from '../domain/run/document.ts';
import { nextTime } from '../domain/run/due.ts';
import { liveNodes } from '../domain/run/live.ts';
import { readyIn } from '../domain/run/ready-in.ts';
import type { ProcessId, RecordOf } from '../domain/run/record.ts';
import type { Place, RunTree } from '../domain/run/tree.ts';
import type { AnyNode } from '../graph/kinds/index.ts';
import type { LastSeen } from '../graph/ready/run-node.ts';

export interface Work {
  run: string;
  /** The node's id in the run. */
  id: string;
  node: AnyNode;
  leaseMs: number;
  /** The longest duration of one try, where node or graph give one. */
  runMs?: number;
  /** The process of the previous claim, if its lease ended: it is ended first. */
  before?: { server: ProcessId; process: { pid: number; start: string } };
}

/** A claim of a server process that is gone. */
export interface Orphan {
  claim: string;
  server: ProcessId;
  process?: { pid: number; start: string };
}

export interface DueWork {
  work: Work[];
  orphans: Orphan[];
  /** Runs with lost claims that must not be repeated. */
  reap: string[];
  /** Runs with times that have come. */
  expire: string[];
  /** Other servers of this place hold claims: whether they live must be checked again. */
  watchOthers: boolean;
  /** When time alone may change something, in ms since the epoch. */
  until: number;
}

export interface DueWorkParts {
  now: number;
  lastSeen: LastSeen;
  /** True for a node that this server may perform. */
  mayPerform(node: AnyNode): boolean;
  self: ProcessId;
  /** True for a claim on which this process works or is about to work. */
  isMine(claim: string, run: string, node: string): boolean;
  isGone(server: ProcessId): boolean | undefined;
  /** The most nodes of one run at work by servers, where the run has no limit. */
  autoParallel: number;
}

/** An empty result, for addDueWork to fill. */
export function noDueWork(): DueWork {
  return { work: [], orphans: [], reap: [], expire: [], watchOthers: false, until: Number.POSITIVE_INFINITY };
}

/** Adds the due work of one run to `into`. */
export function addDueWork(tree: RunTree, parts: DueWorkParts, into: DueWork): void {
  const { run } = tree;
  if (hasEnded(run.status)) return;
  for (const [id, node] of liveNodes(run)) addOrphan(run.id, id, node, parts, into);
  if (run.status === 'paused') return;
  const ready = readyIn(tree, { now: parts.now, lastSeen: parts.lastSeen });
  if (ready.to_decide.length > 0) into.reap.push(run.id);
  const next = nextTime(tree) ?? Number.POSITIVE_INFINITY;
  if (next <= parts.now) into.expire.push(run.id);
  else into.until = Math.min(into.until, next);
  into.until = Math.min(into.until, ready.until ?? Number.POSITIVE_INFINITY);
  const byServers = liveNodes(run).filter(([, { server }]) => server !== undefined).length;
  let free = run.max_parallel === undefined ? parts.autoParallel - byServers : ready.free;
  for (const { id } of ready.candidates) {
    if (free <= 0) break;
    const place = tree.place(id);
    if (place === undefined || !parts.mayPerform(place.node)) continue;
    free -= 1;
    into.work.push(workOf(run, place, parts.self));
  }
}

function addOrphan(
  run: string,
  id: string,
  node: Readonly<RecordOf<'claimed'>>,
  parts: DueWorkParts,
  into: DueWork,
): void {
  const { claim, server, process } = node;
  if (claim === undefined || server === undefined || parts.isMine(claim, run, id)) return;
  const { self } = parts;
  const own = isHere(server, self) && server.pid === self.pid && server.start === self.start;
  // A claim of this process without a job: its commit was not known to have succeeded, so nothing was started.
  const gone = own || parts.isGone(server);
  if (gone === true) into.orphans.push({ claim, server, ...(process === undefined ? {} : { process }) });
  else into.watchOthers ||= gone === false;
}

function isHere(server: ProcessId, self: ProcessId): boolean {
  return whereIs(server, self) === 'here';
}

function workOf(run: Readonly<RunDocument>, { id, node, scope, index }: Place, self: ProcessId): Work {
  const { server, process, status } = run.nodes[id] ?? {};
  const leaseMs = scope.prepared.leaseMs[index] ?? 0;
  const run_s = node.timeouts?.run_s ?? scope.prepared.graph.defaults?.timeouts?.run_s;
  const work: Work = { run: run.id, id, node, leaseMs, ...(run_s === undefined ? {} : { runMs: run_s * 1_000 }) };
  if (status !== 'claimed' || server === undefined || !isHere(server, self)) return work;
  return process === undefined ? work : { ...work, before: { server, process: { ...process } } };
}
