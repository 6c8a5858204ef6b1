// run_start: starts a run of a checked graph or of a sprint's tasks, or shows what it would do.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import type { Decide } from '../domain/command.ts';
import { showId } from '../domain/plan/ids.ts';
import { type RunDocument, runStream } from '../domain/run/document.ts';
import { sprintDefinition } from '../domain/run/sprint.ts';
import { type StartRunAnswer, type StartRunInput, startRun } from '../domain/run/start.ts';
import { fail, type InputIssue, ok, type Result } from '../failure/failure.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { JsonObject } from '../json/json.ts';
import { autoParallel } from '../runner/auto-parallel.ts';
import type { ExecutorSettings } from '../runner/executors/settings.ts';
import type { Author } from '../store/commit.ts';
import { type Unserved, wordsFor } from '../views/run/standing.ts';
import { type Call, defineTool } from './define.ts';
import { runCommand, withSeq } from './shared/change.ts';
import { findGraph, findRunGraph } from './shared/find-run.ts';
import { maxParallelInput, onFailureInput } from './shared/graph-schema.ts';
import { requestInput, seqOutput } from './shared/inputs.ts';
import { withNote } from './shared/note.ts';
import { withNearItems } from './shared/plan-inputs.ts';
import { refusedNodes } from './shared/refused-nodes.ts';
import { standing } from './shared/standings.ts';

const MAX_LISTED = 50;
/** How often to try again if the sprint changes between reading and starting it. */
const SPRINT_TRIES = 3;

const input = z.strictObject({
  graph: z.string().min(1).max(64).optional().describe('A saved name, or the hash that graph_check answered'),
  sprint: z.string().min(1).max(20).optional().describe('Instead of graph: its id'),
  inputs: z.record(z.string(), z.unknown()).optional().describe('Given to every agent node'),
  max_parallel: maxParallelInput.optional(),
  on_failure: onFailureInput.optional(),
  resume_from: z.string().max(64).optional().describe('An earlier run of this workspace'),
  rerun: z.array(z.string()).max(1_000).optional().meta({ listed: false }),
  dry_run: z.boolean().default(false),
  request_id: requestInput,
});
type Input = z.output<typeof input>;

export const runStart = defineTool({
  name: 'run_start',
  title: 'Start a run',
  toolset: 'run',
  description:
    'Use to execute a graph that graph_check found sound, or a sprint (one run at a time), whose tasks then move ' +
    'with their nodes: servers run its command nodes, agents take its agent nodes with run_claim. resume_from takes ' +
    'over what an earlier run finished and what has not changed since, but for rerun: [node]. dry_run only shows ' +
    'it. ' +
    'Answers {run, status, nodes, ready, reused, rerun, why: [{node, reason}], warnings?: nodes that this server ' +
    'may not run, tasks left out, seq}.',
  searchHint: 'run start execute sprint graph dag workflow begin resume',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'nothing' },
  positional: ['graph'],
  input,
  output: z.object({
    run: z.string().optional().describe('Absent if dry_run'),
    status: z.string(),
    nodes: z.number().int(),
    ready: z.array(z.string()).describe('Nodes that may be claimed now'),
    reused: z.array(z.string()).describe('Nodes whose results are taken over'),
    rerun: z.array(z.string()).describe('Nodes that had finished and run again'),
    why: z.array(z.object({ node: z.string(), reason: z.string() })),
    warnings: z.array(z.object({ code: z.string(), nodes: z.array(z.string()), message: z.string() })).optional(),
    cut: z.string().optional(),
    dry_run: z.literal(true).optional(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const wrong = inputFault(input);
    if (wrong !== undefined) return fail({ code: 'invalid-input', issues: [wrong] });
    const resumeFrom = await earlierRun(call.services, input.resume_from);
    if (!resumeFrom.ok) return resumeFrom;
    const session = await call.services.sessions.ensure();
    if (!session.ok) return session;
    for (let left = SPRINT_TRIES; ; left -= 1) {
      const started = await start(input, call, session.value, resumeFrom.value);
      // The sprint has changed since its definition was made: make it again.
      const moved = input.sprint !== undefined && !started.ok && started.failure.code === 'contended';
      if (moved && left > 1 && Date.now() <= call.deadlineAt) continue;
      return started.ok ? started : await withNearItems(started, call.services);
    }
  },
});

function inputFault({ graph, sprint, resume_from }: Input): InputIssue | undefined {
  if ((graph === undefined) === (sprint === undefined))
    return { at: 'graph', why: 'give exactly one of graph and sprint' };
  if (sprint === undefined || resume_from === undefined) return undefined;
  return { at: 'resume_from', why: 'only with graph: a run of a sprint leaves out what is done' };
}

interface Definition {
  graph: RunGraph;
  leftOut: string[];
}

/** The definition to run. That of a sprint is stored before the run that names it. */
async function definition(input: Input, services: Services, by: Author): Promise<Result<Definition>> {
  const { documents, workspace } = services;
  const { sprint } = input;
  if (sprint === undefined) {
    const graph = await findGraph(services, input.graph ?? '');
    return graph.ok ? ok({ graph: graph.value, leftOut: [] }) : graph;
  }
  const built = await documents.dryRun((tx) => sprintDefinition(tx, workspace.project, sprint), by);
  if (!built.ok) return built;
  const { graph, leftOut } = built.value.value;
  return ok({ graph: documents.definitions.put(graph), leftOut });
}

async function start(input: Input, call: Call<Services>, session: string, resumeFrom: StartRunInput['resumeFrom']) {
  const { documents, sessions, workspace, settings, role } = call.services;
  const by = sessions.author('run_start', session);
  const found = await definition(input, call.services, by);
  if (!found.ok && input.sprint === undefined) return found;
  const inputs: JsonObject | undefined = input.inputs && JSON.parse(JSON.stringify(input.inputs));
  const decide: Decide<StartRunAnswer> = (tx, ctx) => {
    // Returned within the command, so that a repeated request gets its first answer even if its sprint is done now.
    if (!found.ok) return found;
    const { graph } = found.value;
    return startRun(tx, ctx, {
      graph: graph.hash,
      project: workspace.project,
      workspace: workspace.workspace,
      session,
      inputs,
      maxParallel: maxParallel(input.max_parallel ?? graph.prepared.graph.max_parallel),
      onFailure: input.on_failure,
      sprint: input.sprint,
      resumeFrom,
      rerun: input.rerun,
    });
  };
  const warnings = found.ok ? warningsOf(found.value, settings) : {};
  if (input.dry_run) {
    const tried = await documents.dryRun(decide, by);
    return tried.ok
      ? ok({ ...withoutRun(shown(tried.value.value)), ...warnings, dry_run: true as const, seq: tried.value.seq })
      : tried;
  }
  const started = await runCommand(call, by, input, decide);
  if (!started.ok) return started;
  const answer = started.value.value;
  // A repeat answers what the first call did, whatever became of the run since.
  if (started.value.replayed) return withSeq(started.value, { ...shown(answer), ...warnings });
  const { status = answer.status, unserved = [] } = standing(answer.run, documents) ?? {};
  const more = role === 'cli' ? serverNeeded(unserved) : [];
  const all = [...(warnings.warnings ?? []), ...more];
  return withSeq(started.value, { ...shown(answer), status, ...(all.length === 0 ? {} : { warnings: all }) });
}

async function earlierRun(services: Services, id: string | undefined) {
  if (id === undefined) return ok(undefined);
  const graph = await findRunGraph(services, id);
  if (!graph.ok) return graph;
  const workspace = await services.documents.read((view) => view.get<RunDocument>(runStream(id))?.workspace);
  if (workspace !== services.workspace.workspace) {
    const why = 'it ran in another workspace, where the files may be others';
    const how = 'start it anew without resume_from';
    return fail({ code: 'not-allowed', what: `Resuming from ${id}`, why, how }) satisfies Result<never>;
  }
  return ok(id);
}

function maxParallel(given: number | 'auto' | undefined): number | undefined {
  return given === 'auto' ? autoParallel() : given;
}

/** On the command line nothing goes on after the answer: the warning of nodes that wait for a server. */
function serverNeeded(unserved: readonly Unserved[]) {
  const [first] = unserved;
  if (first === undefined) return [];
  const message = `${wordsFor(first)}, or start the run with --wait --allow-commands`;
  return [{ code: 'needs_server', nodes: unserved.slice(0, MAX_LISTED).map(({ node }) => node), message }];
}

/** Warnings of nodes that this server may not run, and of tasks without a node. */
function warningsOf(
  { graph, leftOut }: Definition,
  settings: ExecutorSettings,
): { warnings?: { code: string; nodes: string[]; message: string }[] } {
  const warnings = refusedNodes(graph.prepared.graph, settings);
  if (leftOut.length > 0) {
    const message = `${leftOut.length} tasks are blocked, or wait for what is outside the sprint, and have no node`;
    warnings.push({ code: 'left_out', nodes: leftOut.slice(0, MAX_LISTED).map(showId), message });
  }
  return warnings.length === 0 ? {} : { warnings };
}

/** A run that was not started has no id: one that is nowhere would be asked for. */
function withoutRun<A extends { run: string }>({ run: _, ...rest }: A): Omit<A, 'run'> {
  return rest;
}

function shown(answer: StartRunAnswer) {
  const { inputs_from: from, ...started } = answer;
  const { ready, reused, rerun, why } = started;
  const cut = [ready, reused, rerun, why].some((list) => list.length > MAX_LISTED);
  const made = {
    ...started,
    ready: ready.slice(0, MAX_LISTED),
    reused: reused.slice(0, MAX_LISTED),
    rerun: rerun.slice(0, MAX_LISTED),
    why: why.slice(0, MAX_LISTED),
    ...(cut ? { cut: `lists end after ${MAX_LISTED}; run_status shows all` } : {}),
  };
  return withNote(made, from === undefined ? undefined : `with the inputs of ${from}; inputs: {} gives none`);
}
