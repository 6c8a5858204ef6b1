// Starts runs, and stores graphs by name: pure commands. tools/run-start.ts and tools/graph-check.ts call them.

import { ok, type Result } from '../../failure/failure.ts';
import type { FailurePolicy, Graph } from '../../graph/graph.ts';
import { countNodes } from '../../graph/ready/outcome.ts';
import type { JsonObject } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import { noteFeatures } from '../features.ts';
import { type RunDocument, runStream } from './document.ts';
import { pinGraphs } from './pin.ts';
import { readerOf } from './reader.ts';
import { readyIn } from './ready-in.ts';
import { type Resumed, reusable } from './reuse.ts';
import { graphStream, type SavedGraph } from './saved-graph.ts';
import { openScope, RunScope } from './scope.ts';
import { checkSprint } from './sprint.ts';
import { noteRun } from './sprint-run.ts';
import { updateStatus } from './status.ts';
import { RunTree } from './tree.ts';

/** Stores a graph under a name, or moves the name to another definition. True if that changed anything. */
export function saveGraph(tx: Transaction, ctx: Context, input: { name: string; hash: string }): Result<boolean> {
  const stream = graphStream(input.name);
  const saved = tx.read<SavedGraph>(stream);
  if (saved?.hash === input.hash) return ok(false);
  noteFeatures(tx, ctx.definition(input.hash));
  const saved_at = new Date(ctx.now).toISOString();
  const data = { hash: input.hash };
  if (saved === undefined) {
    tx.create(stream, { type: 'graph.saved', data }, { schema: 1, name: input.name, hash: input.hash, saved_at });
  } else {
    tx.edit<SavedGraph>(stream, { type: 'graph.saved', data }, (draft) => {
      draft.hash = input.hash;
      draft.saved_at = saved_at;
    });
  }
  return ok(true);
}

export interface StartRunInput {
  /** The hash of a stored definition. */
  graph: string;
  project: string;
  workspace: string;
  session: string;
  /** Absent: those of the run that it resumes from, or none. */
  inputs?: JsonObject | undefined;
  /** A number, with "auto" already resolved; undefined for no limit. */
  maxParallel?: number | undefined;
  onFailure?: FailurePolicy | undefined;
  /** The sprint that `graph` was made from; see `checkSprint`. */
  sprint?: string | undefined;
  /** The earlier run whose unchanged results are taken over. */
  resumeFrom?: string | undefined;
  /** With it: nodes that run again although nothing changed, and all behind them. */
  rerun?: readonly string[] | undefined;
}

export interface StartRunAnswer {
  run: string;
  status: RunDocument['status'];
  nodes: number;
  /** Ids that may be claimed now, best first. */
  ready: string[];
  reused: string[];
  rerun: string[];
  why: Resumed['why'];
  /** The earlier run whose inputs were taken over. */
  inputs_from?: string;
}

/**
 * Creates a run; `finished` at once if every result was taken over. Fails with `unknown-run`, as `checkSprint`, or as
 * `pinGraphs`.
 */
export function startRun(tx: Transaction, ctx: Context, input: StartRunInput): Result<StartRunAnswer> {
  const graph = ctx.definition(input.graph);
  const { prepared, hash } = graph;
  const earlier = input.resumeFrom === undefined ? ok(undefined) : openScope(tx, ctx, input.resumeFrom);
  if (!earlier.ok) return earlier;
  const before = earlier.value?.run.inputs ?? {};
  const inputs = input.inputs ?? before;
  const sprint = input.sprint === undefined ? ok(undefined) : checkSprint(tx, input.project, input.sprint, graph);
  if (!sprint.ok) return sprint;
  const pinned = pinGraphs(tx, ctx, prepared.graph);
  if (!pinned.ok) return pinned;
  const id = ctx.id('run');
  const run: RunDocument = {
    schema: 1,
    id,
    graph: hash,
    name: prepared.graph.name,
    project: input.project,
    workspace: input.workspace,
    session: input.session,
    status: 'running',
    inputs,
    on_failure: input.onFailure ?? prepared.graph.on_failure ?? 'fail_fast',
    started_at: new Date(ctx.now).toISOString(),
    counters: countNodes({}),
    nodes: {},
    live: {},
  };
  const deadline = deadlineOf(prepared.graph, ctx.now);
  if (deadline !== undefined) run.deadline = deadline;
  if (Object.keys(pinned.value).length > 0) run.pinned = pinned.value;
  if (input.maxParallel !== undefined) run.max_parallel = input.maxParallel;
  const resumed = earlier.value === undefined ? nothing() : takenOver(run, earlier.value, input.rerun ?? []);
  if (sprint.value !== undefined) {
    run.sprint = sprint.value;
    noteRun(tx, sprint.value, id);
  }
  noteFeatures(tx, graph);
  tx.create(runStream(id), { type: 'run.started', data: { graph: hash } }, run);
  const scope = new RunScope(tx, ctx, id);
  const status = updateStatus(scope);
  const ready = readyIn(scope.tree(), { now: ctx.now }).candidates.map((candidate) => candidate.id);
  const reused = Object.keys(resumed.nodes);
  const { rerun, why } = resumed;
  const answer = { run: id, status, nodes: scope.tree().size, ready, reused, rerun, why };
  const taken = input.inputs === undefined && Object.keys(before).length > 0;
  return ok(taken && earlier.value !== undefined ? { ...answer, inputs_from: earlier.value.id } : answer);
}

function nothing(): Resumed {
  return { nodes: {}, scopes: {}, rerun: [], why: [] };
}

/** Takes the results over that the new run may keep, before it is stored. */
function takenOver(run: RunDocument, earlier: RunScope, rerun: readonly string[]): Resumed {
  run.resumed_from = earlier.id;
  const next = new RunTree(run, (hash) => earlier.ctx.definition(hash));
  const comparing = { earlier: earlier.tree(), next, reader: readerOf(earlier.ctx), rerun: new Set(rerun) };
  const resumed = reusable('', comparing);
  run.nodes = resumed.nodes;
  run.counters = countNodes(resumed.nodes);
  if (Object.keys(resumed.scopes).length > 0) run.scopes = resumed.scopes;
  return resumed;
}

/** When a run of the graph that starts at `now` has to have ended, in ms since the epoch. */
function deadlineOf({ deadline, wall_s }: Graph, now: number): number | undefined {
  const ends = [deadline === undefined ? [] : Date.parse(deadline), wall_s === undefined ? [] : now + wall_s * 1_000];
  const all = ends.flat();
  return all.length === 0 ? undefined : Math.min(...all);
}
