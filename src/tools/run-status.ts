// run_status: shows a run with its nodes, one node in full, or a list of runs; can wait for a change.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { nearest } from '../base/nearest.ts';
import { hasEnded, RUN_STATUSES, type RunDocument, type RunStatus, runStream } from '../domain/run/document.ts';
import { outputOf, type Reader, readerOfBlobs } from '../domain/run/given.ts';
import { type Place, type RunTree, sizeOf, treeOf } from '../domain/run/tree.ts';
import { notUndone } from '../domain/run/undo.ts';
import { fail, type InputIssue, ok, type Result } from '../failure/failure.ts';
import type { RunGraph } from '../graph/definition.ts';
import { firstCause } from '../graph/ready/survey.ts';
import { copyJson, type Json, type JsonObject } from '../json/json.ts';
import { selectPointers } from '../path/query.ts';
import { counted } from '../views/counts.ts';
import { openQuestions, questionsOf } from '../views/run/questions.ts';
import {
  criticalPathLeft,
  NODE_ROW_STATUSES,
  type NodeRowStatus,
  nodeRows,
  runRows,
  statusCounts,
} from '../views/run/runs.ts';
import { wordsFor } from '../views/run/standing.ts';
import { type Call, defineTool } from './define.ts';
import { findRunGraph, nodeNamed } from './shared/find-run.ts';
import { cursorInput, limitInput, offsetOf, seqOutput, waitInput } from './shared/inputs.ts';
import { withNote } from './shared/note.ts';
import { standing, standings } from './shared/standings.ts';
import { waitUntil } from './shared/wait.ts';

const MAX_PATH = 30;
const MAX_QUESTIONS = 20;
const MAX_OUTPUT_CHARS = 12_000;

const input = z.strictObject({
  run: z.string().max(64).optional(),
  node: z.string().max(256).optional().describe('Needs run'),
  status: z.string().max(40).optional().describe('Of nodes, such as failed; without run: of runs'),
  limit: limitInput(50, 200),
  cursor: cursorInput,
  wait_s: waitInput.describe('Wait for the run to stop running, or for `until`'),
  until: z.enum(['end', 'change']).default('end').describe('What to wait for; end: it is not running any more'),
  after: z.number().int().min(0).optional().describe('With until change: after this seq; default now'),
});
type Input = z.output<typeof input>;

export const runStatus = defineTool({
  name: 'run_status',
  title: 'See a run',
  toolset: 'run',
  description:
    'Use to see how a run stands, to wait for its end with wait_s instead of polling, to read one node with its ' +
    'output, or without run to list runs. ' +
    'Answers {run, name, status, counts, nodes: [{node, kind, status, attempt?, fence?, agent?, duration_ms?, ' +
    'summary?, error?}], critical_path_left, total, next_cursor?, seq}, or with node {detail}, or {runs}.',
  searchHint: 'run status progress nodes list wait graph',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'limit, status or node', maxSeconds: 60 },
  positional: ['run'],
  input,
  output: z.object({
    run: z.string().optional(),
    name: z.string().optional(),
    status: z.string().optional(),
    reason: z.string().optional(),
    started_at: z.string().optional(),
    ended_at: z.string().optional(),
    tokens: z.number().int().optional().describe('Spent, as agents reported it'),
    counts: z.record(z.string(), z.number()).optional(),
    nodes: z.array(z.looseObject({ node: z.string(), kind: z.string(), status: z.string() })).optional(),
    critical_path_left: z.array(z.string()).optional(),
    questions: z.array(z.looseObject({})).optional(),
    not_undone: z.array(z.string()).optional(),
    nobody: z.array(z.object({ node: z.string(), why: z.string() })).optional(),
    detail: z.record(z.string(), z.unknown()).optional(),
    runs: z.array(z.looseObject({ run: z.string() })).optional(),
    total: z.number().int().optional(),
    next_cursor: z.string().optional(),
    seq: seqOutput,
  }),
  async run(given, call: Call<Services>) {
    const wrong = filterFault(given);
    if (wrong !== undefined) return fail({ code: 'invalid-input', issues: [wrong] });
    if (given.run === undefined) return await list(given, call.services);
    const graph = await findRunGraph(call.services, given.run);
    if (!graph.ok) return graph;
    const waited = await waitFor(given, given.run, call);
    if (!waited.ok) return waited;
    if (call.signal.aborted) return fail({ code: 'cancelled' });
    return await one(given, given.run, graph.value, call.services);
  },
});

/** A node without its run, or a status of the other sort. */
function filterFault({ run, node, status }: Input): InputIssue | undefined {
  if (run === undefined && node !== undefined) return { at: 'run', why: 'required with node' };
  const [what, known] = run === undefined ? (['runs', RUN_STATUSES] as const) : (['nodes', NODE_ROW_STATUSES] as const);
  if (status === undefined || known.some((one) => one === status)) return undefined;
  return { at: 'status', why: `of ${what} it is one of ${known.join(', ')}` };
}

/** What emptied a list. `all`: how many rows of each status there are without the filter. */
function emptiedBy(given: Input, what: 'run' | 'node', total: number, all: () => StatusCounts): string | undefined {
  if (offsetOf(given.cursor) > 0) return offsetOf(given.cursor) < total ? undefined : `the list ends at ${total}`;
  if (total > 0) return undefined;
  const counts = all();
  if (Object.keys(counts).length === 0) return 'this project has no run yet';
  return `no ${what} is ${given.status}; there are: ${counted(counts)}`;
}

type StatusCounts = Readonly<Partial<Record<string, number>>>;

function waitFor(given: Input, id: string, call: Call<Services>): Promise<Result<undefined>> {
  const { documents } = call.services;
  let after = given.after;
  return waitUntil<undefined>(call, given.wait_s, async () => {
    const seen = documents.peek((view) => ({
      status: view.get<RunDocument>(runStream(id))?.status,
      last: view.lastSeq(runStream(id)),
    }));
    after ??= seen.last;
    const reached = given.until === 'change' ? seen.last > after : standing(id, documents)?.status !== 'running';
    // A run that has ended hardly changes: no reason to wait.
    const over = reached || seen.status === undefined || hasEnded(seen.status);
    return ok(over ? { done: undefined } : { sofar: undefined });
  });
}

async function list(given: Input, { documents, workspace }: Services) {
  return await documents.read((view) => {
    const graphOf = (hash: string) => documents.definitions.get(hash);
    const nodesOf = (run: Readonly<RunDocument>): number => sizeOf(run, graphOf) ?? 0;
    const standingOf = standings(documents);
    const statusOf = (run: Readonly<RunDocument>): RunStatus => standingOf(run).status;
    const among = { project: workspace.project, status: given.status as RunStatus | undefined };
    const rows = runRows(view, among, nodesOf, statusOf);
    const all = (): StatusCounts => statusCounts(runRows(view, { project: workspace.project }, nodesOf, statusOf));
    const note = emptiedBy(given, 'run', rows.length, all);
    const asked = openQuestions(view, workspace.project, graphOf).slice(0, MAX_QUESTIONS);
    const questions = asked.length === 0 ? {} : { questions: asked };
    return ok(withNote({ ...questions, ...page(given, 'runs', rows), seq: view.seq }, note));
  });
}

async function one(given: Input, id: string, graph: RunGraph, { documents }: Services) {
  const reader = readerOfBlobs(documents.blobs, selectPointers);
  return await documents.read((view) => {
    const run = view.get<RunDocument>(runStream(id));
    const tree = run === undefined ? undefined : treeOf(run, (hash) => documents.definitions.get(hash));
    if (run === undefined || tree === undefined) return fail({ code: 'unknown-run', run: id, near: [] });
    const { name, started_at, ended_at, tokens, reason } = run;
    const { status, unserved } = standings(documents)(run);
    const more = { ...(ended_at === undefined ? {} : { ended_at }), ...(tokens === undefined ? {} : { tokens }) };
    const said = reason === undefined ? {} : { reason };
    const asked = questionsOf(run, (hash) => documents.definitions.get(hash)).slice(0, MAX_QUESTIONS);
    const questions = asked.length === 0 ? {} : { questions: asked };
    const left = notUndone(tree);
    const undone = left.length === 0 ? {} : { not_undone: left.slice(0, MAX_PATH) };
    const head = { run: id, name, status, ...said, started_at, ...more, ...questions, ...undone };
    const rows = nodeRows(tree, Date.now());
    const named = nodeNamed(graph, given.node);
    if (named !== undefined) {
      const stands = rows.find(({ node }) => node === named)?.status ?? 'waiting';
      const detail = detailOf(tree, named, stands, reader);
      return detail.ok ? ok({ ...head, detail: detail.value, seq: view.seq }) : detail;
    }
    const counts = statusCounts(rows);
    const shown = given.status === undefined ? rows : rows.filter((row) => row.status === given.status);
    const path = criticalPathLeft(run, graph).slice(0, MAX_PATH);
    const waiting = unserved.slice(0, MAX_PATH).map((one) => ({ node: one.node, why: wordsFor(one) }));
    const stuck = waiting.length === 0 ? {} : { nobody: waiting };
    const note = emptiedBy(given, 'node', shown.length, () => counts);
    const answer = {
      ...head,
      counts,
      ...page(given, 'nodes', shown),
      critical_path_left: path,
      ...stuck,
      seq: view.seq,
    };
    return ok(withNote(answer, note));
  });
}

function detailOf(tree: RunTree, id: string, status: NodeRowStatus, reader: Reader): Result<JsonObject> {
  const { run } = tree;
  const place = tree.place(id);
  if (place === undefined) {
    return fail({ code: 'unknown-node', run: run.id, node: id, near: nearest(id, tree.root.prepared.ids) });
  }
  const record = run.nodes[id];
  const definition = JSON.parse(JSON.stringify(place.node));
  const because = becauseOf(tree, place);
  if (record === undefined) return ok({ status, ...because, definition });
  const {
    output: _,
    lease_ms: __,
    earlier: ___,
    same_error: ____,
    from_fence: _____,
    began_at: ______,
    asked: _______,
    ...facts
  } = record;
  const found = outputOf(tree, id, reader);
  const text = found === undefined ? '' : JSON.stringify(found);
  const shown: JsonObject =
    found === undefined
      ? {}
      : text.length <= MAX_OUTPUT_CHARS
        ? { output: copyJson(found) }
        : { output_start: text.slice(0, MAX_OUTPUT_CHARS), output_characters: text.length };
  const told = isoTimes(JSON.parse(JSON.stringify(facts)) as Json) as JsonObject;
  return ok({ ...told, ...because, ...shown, definition });
}

/** What a dead or skipped node is so because of, to be seen without a walk through the graph. */
function becauseOf(tree: RunTree, { id, index, scope }: Place): JsonObject {
  const { nodes } = tree.run;
  const record = nodes[id];
  const surveyed = record !== undefined && record.why !== 'upstream' ? undefined : tree.surveyOf(scope);
  if (surveyed === undefined || (record === undefined && surveyed.verdicts[index] !== 'dead')) return {};
  const first = scope.prepared.ids[firstCause(scope.prepared, surveyed, nodes, index) ?? -1];
  return first === undefined ? {} : { first_cause: `${first} ${nodes[first]?.status ?? 'waiting'}` };
}

const TIMES = /(^|_)(at|since|until|before)$/;

/** A record for reading: times, which documents of runs hold in ms, as ISO 8601. What agents brought stays. */
function isoTimes(value: Json, key = ''): Json {
  if (typeof value === 'number') return TIMES.test(key) ? new Date(value).toISOString() : value;
  if (typeof value !== 'object' || value === null || key === 'output') return value;
  if (Array.isArray(value)) return value.map((item) => isoTimes(item));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, isoTimes(part, name)]));
}

function page<K extends string, R>(given: Input, key: K, rows: readonly R[]) {
  const from = offsetOf(given.cursor);
  const shown = rows.slice(from, from + given.limit);
  const next = from + shown.length;
  const more = next < rows.length ? { next_cursor: String(next) } : {};
  return { ...({ [key]: shown } as Record<K, R[]>), total: rows.length, ...more };
}
