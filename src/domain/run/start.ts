// Starts runs, and stores graphs by name: pure commands. tools/run-start.ts and tools/graph-check.ts call them.

import { ok, type Result } from '../../failure/failure.ts';
import type { FailurePolicy } from '../../graph/graph.ts';
import { countNodes } from '../../graph/ready/outcome.ts';
import { readyNodes } from '../../graph/ready/ready.ts';
import type { JsonObject } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import { noteFeatures } from '../features.ts';
import { limitsOf, type RunDocument, runStream } from './document.ts';
import { type Resumed, reusable } from './reuse.ts';
import { openScope, RunScope } from './scope.ts';
import { checkSprint } from './sprint.ts';
import { noteRun } from './sprint-run.ts';
import { updateStatus } from './status.ts';

/** A graph's name and the hash of its definition, which is a blob. */
export interface SavedGraph {
  schema: 1;
  name: string;
  hash: string;
  saved_at: string;
}

export function graphStream(name: string): string {
  return `graph/${name}`;
}

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
  inputs: JsonObject;
  /** A number, with "auto" already resolved; undefined for no limit. */
  maxParallel?: number | undefined;
  onFailure?: FailurePolicy | undefined;
  /** The sprint that `graph` was made from; see `checkSprint`. */
  sprint?: string | undefined;
  /** The earlier run whose unchanged results are taken over. */
  resumeFrom?: string | undefined;
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
}

/** Creates a run; `finished` at once if every result was taken over. Fails with `unknown-run`, or as `checkSprint`. */
export function startRun(tx: Transaction, ctx: Context, input: StartRunInput): Result<StartRunAnswer> {
  const graph = ctx.definition(input.graph);
  const { prepared, hash } = graph;
  let resumed: Resumed = { nodes: {}, rerun: [], why: [] };
  if (input.resumeFrom !== undefined) {
    const earlier = openScope(tx, ctx, input.resumeFrom);
    if (!earlier.ok) return earlier;
    resumed = reusable(earlier.value, { graph, inputs: input.inputs });
  }
  const sprint = input.sprint === undefined ? ok(undefined) : checkSprint(tx, input.project, input.sprint, graph);
  if (!sprint.ok) return sprint;
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
    inputs: input.inputs,
    on_failure: input.onFailure ?? prepared.graph.on_failure ?? 'fail_fast',
    started_at: new Date(ctx.now).toISOString(),
    counters: countNodes(resumed.nodes),
    nodes: resumed.nodes,
    live: {},
  };
  if (input.maxParallel !== undefined) run.max_parallel = input.maxParallel;
  if (sprint.value !== undefined) {
    run.sprint = sprint.value;
    noteRun(tx, sprint.value, id);
  }
  noteFeatures(tx, graph);
  tx.create(runStream(id), { type: 'run.started', data: { graph: hash } }, run);
  const status = updateStatus(new RunScope(tx, ctx, id));
  const ready = readyNodes(prepared, resumed.nodes, ctx.now, limitsOf(run)).candidates.map((candidate) => candidate.id);
  const reused = Object.keys(resumed.nodes);
  return ok({ run: id, status, nodes: prepared.ids.length, ready, reused, rerun: resumed.rerun, why: resumed.why });
}
