// How well work goes, as sections of the metrics view: tries of runs, what passed its gates, how much of what there is to
// use is in use. Of this project, whichever process did it.

import type { RunDocument } from '../../../domain/run.ts';
import { claimedNodes } from '../../runs.ts';
import { configOf } from '../../settings.ts';
import { registered } from '../../team/people.ts';
import { columns, type GateCount, type Row, type Section, type Source } from '../define.ts';
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
const GATE_COLUMNS = columns({
  gate: 'id',
  evidence: 'id',
  passed: { kind: 'count', grows: true },
  refused: { kind: 'count', grows: true },
  pass_percent: { kind: 'percent', title: 'pass rate', bar: true },
});
const USE_COLUMNS = columns({
  what: 'id',
  held: 'count',
  capacity: 'count',
  use_percent: { kind: 'percent', title: 'in use', bar: true },
});

/** What the run documents say of tries. A figure that no node gives is absent. */
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
 * What passed of what was tried: tasks that went from review to done, against those that went back to work; results of
 * attempts that were accepted, against those that failed, by who observed them. Absent until something was tried.
 */
export function gateSection(source: Source): Section[] {
  const { log, plan } = source;
  if (log === undefined) return [];
  const { tasks } = plan();
  const own = new Set(runsOf(source).map(({ id }) => id));
  const reviews = [...log.gates.reviews].filter(([task]) => tasks.get(task)?.project === source.project.id);
  const attempts = new Map<string, GateCount[]>();
  for (const [run, grades] of log.gates.attempts) {
    if (!own.has(run)) continue;
    for (const [grade, count] of grades) attempts.set(grade, [...(attempts.get(grade) ?? []), count]);
  }
  const rows = [
    ...(reviews.length === 0
      ? []
      : [
          gateRow(
            'review of tasks',
            undefined,
            reviews.map(([, count]) => count),
          ),
        ]),
    ...[...attempts].sort().map(([grade, counts]) => gateRow('attempts at nodes', grade, counts)),
  ];
  if (rows.length === 0) return [];
  return [{ name: 'gates', title: 'What passed (this project, since its beginning)', columns: GATE_COLUMNS, rows }];
}

function gateRow(gate: string, evidence: string | undefined, counts: readonly GateCount[]): Row {
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const refused = counts.reduce((sum, count) => sum + count.refused, 0);
  return { gate, evidence, passed, refused, pass_percent: (100 * passed) / (passed + refused) };
}

/** Claims that agents hold, against what the project allows: of all, and of each agent that has a pool or a capacity. */
export function useSection(source: Source): Section {
  const { view, project } = source;
  const { global_settings, pools } = configOf(view, project.id);
  const held = new Map<string, number>();
  let all = 0;
  for (const { node } of claimedNodes(runsOf(source))) {
    // What servers run themselves takes no agent.
    if (node.server !== undefined) continue;
    all += 1;
    const name = (node.agent_name ?? '').toLowerCase();
    held.set(name, (held.get(name) ?? 0) + 1);
  }
  const of = (what: string, name: string, capacity: number): Row =>
    useRow(what, held.get(name.toLowerCase()) ?? 0, capacity);
  const rows = [
    useRow('all agents', all, global_settings.max_concurrent_agents),
    ...Object.entries(pools).map(([name, { max }]) => of(`pool ${name}`, name, max)),
    ...registered(view, project.id, 'agent').flatMap(({ id, capacity, retired }) =>
      capacity === undefined || retired === true ? [] : [of(`agent ${id}`, id, capacity)],
    ),
  ];
  rows.sort((a, b) => Number(b.use_percent) - Number(a.use_percent));
  const more = 'project_get {}';
  return { name: 'use', title: 'Utilisation (this project, now)', columns: USE_COLUMNS, rows, half: true, more };
}

function useRow(what: string, held: number, capacity: number): Row {
  return { what, held, capacity, use_percent: (100 * held) / capacity };
}
