// Lists of runs, rows of their nodes, and the rest of a critical path. Computed from documents for answers. Used by
// tools/run-status.ts, resources, prompts, dashboard views and other views.

import type { Grouping, View } from '../../documents/documents.ts';
import { hasEnded, isUnderWay, type RunDocument, type RunStatus, runStream } from '../../domain/run/document.ts';
import { liveNodes } from '../../domain/run/live.ts';
import type { NodeRecord, RecordOf } from '../../domain/run/record.ts';
import type { RunTree, Scope } from '../../domain/run/tree.ts';
import { undoScope } from '../../domain/run/undo.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { measure, weights } from '../../graph/plan/measure.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { isHalted, readinessAt } from '../../graph/ready/readiness.ts';
import { stillToDo } from '../../graph/ready/still-to-do.ts';

/** Runs by project and by whether they have ended, and those that have not by the sessions that hold claims in them. */
const runGroups: Grouping<RunDocument> = {
  kind: 'run',
  groupsOf: (run) => {
    if (run.status === 'failed') return [endedIn(run.project), failedIn(run.project)];
    if (hasEnded(run.status)) return [endedIn(run.project)];
    const holders = new Set(liveNodes(run).flatMap(([, { session }]) => session ?? []));
    return [OPEN, openIn(run.project), ...[...holders].map(heldBy)];
  },
};
const OPEN = 'open';
const openIn = (project: string): string => `open ${project}`;
const endedIn = (project: string): string => `ended ${project}`;
const failedIn = (project: string): string => `failed ${project}`;
const heldBy = (session: string): string => `held ${session}`;

/**
 * The first runs of a project, and how many there are in all: those that have not ended first, then the last changed
 * first.
 */
export function firstRuns(view: View, project: string, most: number): { runs: Readonly<RunDocument>[]; total: number } {
  const [open, ended] = [view.grouped(runGroups, openIn(project)), view.grouped(runGroups, endedIn(project))];
  const first = [...open, ...ended.slice(0, most)].slice(0, most);
  const runs = first.flatMap((stream) => view.get<RunDocument>(stream) ?? []);
  return { runs, total: open.length + ended.length };
}

/** The runs of a project that failed, the last changed first. */
export function failedRuns(view: View, project: string): Readonly<RunDocument>[] {
  return runsIn(view, failedIn(project));
}

/** The runs that have not ended, of a project or of all, the last changed first. */
export function openRuns(view: View, project?: string): Readonly<RunDocument>[] {
  return runsIn(view, project === undefined ? OPEN : openIn(project));
}

/** The runs that have not ended and in which a session holds a claim. */
export function runsHeldBy(view: View, session: string): Readonly<RunDocument>[] {
  return runsIn(view, heldBy(session));
}

function runsIn(view: View, group: string): Readonly<RunDocument>[] {
  return view.grouped(runGroups, group).flatMap((stream) => view.get<RunDocument>(stream) ?? []);
}

export interface ClaimedNode {
  run: Readonly<RunDocument>;
  id: string;
  node: Readonly<RecordOf<'claimed'>>;
}

/** The claimed nodes of those runs that have not ended. */
export function* claimedNodes(runs: Iterable<Readonly<RunDocument>>): Iterable<ClaimedNode> {
  for (const run of runs) {
    if (hasEnded(run.status) || countOf(run.counters, 'claimed') === 0) continue;
    for (const [id, node] of liveNodes(run)) yield { run, id, node };
  }
}

/** A type, not an interface: answers are open-ended objects. */
export type RunRow = {
  run: string;
  name: string;
  status: string;
  done: number;
  nodes: number;
  workspace: string;
  started_at: string;
  ended_at?: string;
};

/**
 * The rows of a project's runs, the last changed first; with `status` only of those that stand so. `nodesOf`: the
 * number of its nodes; `statusOf`: how a run stands.
 */
export function runRows(
  view: View,
  { project, status }: { project: string; status?: RunStatus | undefined },
  nodesOf: (run: Readonly<RunDocument>) => number,
  statusOf: (run: Readonly<RunDocument>) => RunStatus,
): RunRow[] {
  return runsThatMayStand(view, project, status).flatMap((run) => {
    const stands = statusOf(run);
    return status !== undefined && stands !== status ? [] : [{ ...rowOf(run, nodesOf(run)), status: stands }];
  });
}

/** A run that has not ended may stand otherwise than its document says. */
function runsThatMayStand(view: View, project: string, status: RunStatus | undefined): Readonly<RunDocument>[] {
  if (status === 'failed') return failedRuns(view, project);
  if (status !== undefined) return runsIn(view, hasEnded(status) ? endedIn(project) : openIn(project));
  const seqOf = ({ id }: Readonly<RunDocument>): number => view.lastSeq(runStream(id));
  const all = [...openRuns(view, project), ...runsIn(view, endedIn(project))];
  return all.sort((a, b) => seqOf(b) - seqOf(a));
}

function rowOf(run: Readonly<RunDocument>, nodes: number): RunRow {
  const { id, name, status, workspace, started_at, ended_at, counters } = run;
  const row = { run: id, name, status, done: countOf(counters, 'finished', 'skipped'), nodes, workspace, started_at };
  return ended_at === undefined ? row : { ...row, ended_at };
}

export const NODE_ROW_STATUSES = [
  'waiting',
  'ready',
  'claimed',
  'retrying',
  'gating',
  'open',
  'awaiting',
  'finished',
  'failed',
  'skipped',
  'needs_decision',
  'cancelled',
  'dead',
] as const;
export type NodeRowStatus = (typeof NODE_ROW_STATUSES)[number];

/** A type, not an interface: answers are open-ended objects. */
export type NodeRow = {
  node: string;
  kind: string;
  status: NodeRowStatus;
  attempt?: number;
  fence?: number;
  agent?: string;
  duration_ms?: number;
  percent?: number;
  summary?: string;
  error?: string;
  late?: number;
  reused_from?: string;
  /** Of a map: `37 of 40`. */
  items?: string;
  /** When time ends what it awaits, ISO 8601. */
  until?: string;
  /** The question that somebody is to answer, by its id. */
  question?: string;
};

const MAX_WORDS = 200;

/**
 * A row for every node, in the order of the definition, those inside of a node behind it. `ready`: it could be claimed
 * now, limits and agents apart.
 */
export function nodeRows(tree: RunTree, now: number): NodeRow[] {
  const undo = undoScope(tree);
  return [...scopeRows(tree, tree.root, now), ...(undo === undefined ? [] : scopeRows(tree, undo, now))];
}

function scopeRows(tree: RunTree, scope: Scope, now: number): NodeRow[] {
  const { run } = tree;
  const { prepared } = scope;
  const open = isUnderWay(run.status) || run.status === 'paused';
  const surveyed = tree.surveyOf(scope);
  const halted = surveyed?.halted ?? isHalted(prepared, countOf(run.counters, 'failed'), run.on_failure);
  return prepared.graph.nodes.flatMap(({ kind }, index): NodeRow[] => {
    const id = prepared.ids[index] ?? '';
    const record = run.nodes[id];
    const ready = (): boolean =>
      open && readinessAt(prepared, run.nodes, index, { now, halted }, surveyed).is === 'ready';
    if (record === undefined) {
      const status = surveyed?.verdicts[index] === 'dead' ? 'dead' : ready() ? 'ready' : 'waiting';
      return [{ node: id, kind, status }];
    }
    // A node that was given back has not failed: it is not retried, it is free.
    const free = record.status === 'retrying' && record.error === undefined && ready();
    const row: NodeRow = { node: id, kind, status: free ? 'ready' : record.status, ...facts(record, now) };
    const within = tree.within(id);
    if (within === undefined) return [row];
    return [{ ...row, ...itemsOf(within) }, ...scopeRows(tree, within, now)];
  });
}

function itemsOf({ record, prepared }: Scope): Partial<NodeRow> {
  if (record?.kind !== 'map') return {};
  return { items: `${countOf(record.counters, 'finished', 'skipped')} of ${prepared.ids.length}` };
}

/** How many rows have each status. */
export function statusCounts<S extends string>(rows: readonly { status: S }[]): Partial<Record<S, number>> {
  const counts: Partial<Record<S, number>> = {};
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function facts(record: Readonly<NodeRecord>, now: number): Partial<NodeRow> {
  const { attempt, fence, agent_name: agent, started_at, ended_at, status, percent, summary, error, late } = record;
  const end = ended_at ?? (status === 'claimed' ? now : undefined);
  const row = {
    attempt,
    fence,
    agent: agent ?? record.agent,
    duration_ms: started_at === undefined || end === undefined ? undefined : Math.max(0, end - started_at),
    percent: status === 'claimed' ? percent : undefined,
    summary: summary?.slice(0, MAX_WORDS),
    error: error === undefined ? undefined : `${error.kind}: ${error.message}`.slice(0, MAX_WORDS),
    late: late?.length,
    reused_from: record.reused_from,
    until: record.until === undefined ? undefined : new Date(record.until).toISOString(),
    question: record.status === 'awaiting' ? record.question?.id : undefined,
  };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

/** Ids of the nodes on the longest path, by weight, through the nodes that are still to be done, first to last. */
export function criticalPathLeft(run: Readonly<RunDocument>, { prepared }: RunGraph): string[] {
  if (hasEnded(run.status)) return [];
  const { ids, order, graph } = prepared;
  const toDo = stillToDo(prepared, run.nodes, run.on_failure);
  const weight = weights(graph.nodes).map((all, i) => (toDo[i] === 1 ? all : 0));
  const { criticalPath } = measure(prepared, weight, order);
  return criticalPath.flatMap((i) => (toDo[i] === 1 ? (ids[i] ?? []) : []));
}
