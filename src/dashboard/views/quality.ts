// Sections on quality and use for the views `metrics`, `resources` and `leadership`: attempts of runs, pass rates, and
// limits in use. Figures are of this project, over all processes.

import type { RunDocument } from '../../domain/run/document.ts';
import { limitRows } from '../../views/project/limits.ts';
import { type PassCount, type Source, viewScopeOf } from '../../views/source.ts';
import { liveAgents, registered } from '../../views/team/people.ts';
import { columns, type Row, type Section } from '../define.ts';
import { runsOf } from './runs.ts';

const QUALITY_COLUMNS = columns({
  nodes_ended: { kind: 'count' },
  attempts: { kind: 'count' },
  first_try_percent: { kind: 'percent', title: 'first try' },
  retries: 'count',
  failed: 'count',
  late_results: 'count',
  lost_claims: 'count',
  reused: 'count',
  tokens: 'count',
  cost_usd: 'number',
});
const PASS_COLUMNS = columns({
  gate: 'id',
  evidence: 'id',
  passed: { kind: 'count', grows: true },
  refused: { kind: 'count', grows: true },
  pass_percent: { kind: 'percent', title: 'pass rate', bar: true },
});
const LIMIT_COLUMNS = columns({
  limit: 'id',
  used: 'count',
  allowed: 'count',
  use_percent: { kind: 'percent', title: 'in use', bar: true },
  policy: { kind: 'text', spare: 1 },
});

/** Attempts, retries and costs from the run documents. Tokens and cost are absent if no node has them. */
export function qualitySection(source: Source): Section {
  const rows = [qualityOf(runsOf(source))];
  return {
    name: 'runs',
    title: 'Quality of runs (this project)',
    columns: QUALITY_COLUMNS,
    rows,
    facts: true,
    half: true,
  };
}

function qualityOf(all: readonly Readonly<RunDocument>[]): Row {
  const sum = { nodes_ended: 0, attempts: 0, retries: 0, failed: 0, late_results: 0, lost_claims: 0, reused: 0 };
  let [finished, first]: [number, number] = [0, 0];
  let [tokens, cost]: [number | undefined, number | undefined] = [undefined, undefined];
  for (const run of all) {
    for (const node of Object.values(run.nodes)) {
      sum.late_results += node.late?.length ?? 0;
      sum.lost_claims += node.lost?.length ?? 0;
      if (node.tokens !== undefined) tokens = (tokens ?? 0) + node.tokens;
      if (node.cost_usd !== undefined) cost = (cost ?? 0) + node.cost_usd;
      if (node.reused_from !== undefined) {
        sum.reused += 1;
        continue;
      }
      sum.attempts += node.attempt;
      sum.retries += Math.max(0, node.attempt - 1);
      if (node.status === 'failed') sum.failed += 1;
      if (node.status === 'finished') {
        finished += 1;
        if (node.attempt === 1) first += 1;
      }
    }
  }
  sum.nodes_ended = finished + sum.failed;
  const rate = sum.nodes_ended === 0 ? undefined : (100 * first) / sum.nodes_ended;
  return { ...sum, first_try_percent: rate, tokens, cost_usd: cost };
}

/**
 * Pass rates: tasks that went from review to done against those that went back to work, and attempts that finished
 * against those that failed, by grade of evidence. No section until there is something to count.
 */
export function passSection(source: Source): Section[] {
  const { log, plan } = source;
  if (log === undefined) return [];
  const { tasks } = plan();
  const own = new Set(runsOf(source).map(({ id }) => id));
  const reviews = [...log.quality.reviews].filter(([task]) => tasks.get(task)?.project === source.project.id);
  const attempts = new Map<string, PassCount[]>();
  for (const [run, grades] of log.quality.attempts) {
    if (!own.has(run)) continue;
    for (const [grade, count] of grades) attempts.set(grade, [...(attempts.get(grade) ?? []), count]);
  }
  const rows = [
    ...(reviews.length === 0
      ? []
      : [
          passRow(
            'review of tasks',
            undefined,
            reviews.map(([, count]) => count),
          ),
        ]),
    ...[...attempts].sort().map(([grade, counts]) => passRow('attempts at nodes', grade, counts)),
  ];
  if (rows.length === 0) return [];
  return [{ name: 'gates', title: 'What passed (this project, since its beginning)', columns: PASS_COLUMNS, rows }];
}

function passRow(gate: string, evidence: string | undefined, counts: readonly PassCount[]): Row {
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const refused = counts.reduce((sum, count) => sum + count.refused, 0);
  return { gate, evidence, passed, refused, pass_percent: (100 * passed) / (passed + refused) };
}

/**
 * How much is used of the project's limits, and of the capacity of each registered agent with one, the fullest first.
 */
export function limitSection(source: Source, title: string): Section {
  const { view, project, graph } = source;
  const viewScope = viewScopeOf(source);
  const allowed = limitRows(view, viewScope, graph);
  const held = new Map<string, number>();
  for (const { name, claims } of liveAgents(view, viewScope)) held.set(name, (held.get(name) ?? 0) + claims);
  const capacities = registered(view, project.id, 'agent').flatMap(({ id, capacity, retired }) =>
    capacity === undefined || retired === true
      ? []
      : [{ limit: `capacity of ${id}`, used: held.get(id) ?? 0, allowed: capacity }],
  );
  const rows = [...allowed, ...capacities].map((row): Row & { use_percent: number } => {
    return { ...row, use_percent: (100 * row.used) / Math.max(1, row.allowed) };
  });
  rows.sort((a, b) => b.use_percent - a.use_percent);
  return { name: 'limits', title, columns: LIMIT_COLUMNS, rows, half: true, more: 'project_get {}' };
}
