// Sections on quality and use for the views `metrics`, `resources` and `leadership`: attempts of runs, pass rates, and
// limits in use. Figures are of this project, over all processes.

import type { Figures, Grouping } from '../../documents/documents.ts';
import { type RunDocument, runStream } from '../../domain/run/document.ts';
import { limitRows } from '../../views/project/limits.ts';
import { type PassCount, type Source, viewScopeOf } from '../../views/source.ts';
import { liveAgents, registered } from '../../views/team/people.ts';
import { columns, type Row, type Section } from '../define.ts';

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

/** Runs by project, with sums of what became of their nodes. */
const byQuality: Grouping<RunDocument> = {
  kind: 'run',
  groupsOf: ({ project }) => [project],
  figuresOf: (run) => figuresOf(run),
};

/** Attempts, retries and costs from the run documents. Tokens and cost are absent if no node has them. */
export function qualitySection({ view, project }: Source): Section {
  const sums = view.groupSums(byQuality, project.id);
  const { attempts = 0, retries = 0, failed = 0, late_results = 0, lost_claims = 0, reused = 0 } = sums;
  const { finished = 0, first = 0, counted = 0, tokens = 0, paid = 0, cost_usd = 0 } = sums;
  const nodes_ended = finished + failed;
  const row: Row = {
    ...{ nodes_ended, attempts, retries, failed, late_results, lost_claims, reused },
    first_try_percent: nodes_ended === 0 ? undefined : (100 * first) / nodes_ended,
    tokens: counted === 0 ? undefined : tokens,
    cost_usd: paid === 0 ? undefined : cost_usd,
  };
  return {
    name: 'runs',
    title: 'Quality of runs (this project)',
    columns: QUALITY_COLUMNS,
    rows: [row],
    facts: true,
    half: true,
  };
}

/** `first`: finished at the first try. `counted`, `paid`: nodes that told their tokens and their cost. */
function figuresOf(run: Readonly<RunDocument>): Figures {
  const sum = { attempts: 0, retries: 0, failed: 0, late_results: 0, lost_claims: 0, reused: 0 };
  const more = { finished: 0, first: 0, counted: 0, tokens: 0, paid: 0, cost_usd: 0 };
  for (const node of Object.values(run.nodes)) {
    sum.late_results += node.late?.length ?? 0;
    sum.lost_claims += node.lost?.length ?? 0;
    more.counted += node.tokens === undefined ? 0 : 1;
    more.tokens += node.tokens ?? 0;
    more.paid += node.cost_usd === undefined ? 0 : 1;
    more.cost_usd += node.cost_usd ?? 0;
    if (node.reused_from !== undefined) {
      sum.reused += 1;
      continue;
    }
    sum.attempts += node.attempt;
    sum.retries += Math.max(0, node.attempt - 1);
    if (node.status === 'failed') sum.failed += 1;
    if (node.status !== 'finished') continue;
    more.finished += 1;
    if (node.attempt === 1) more.first += 1;
  }
  return { ...sum, ...more };
}

/**
 * Pass rates: tasks that went from review to done against those that went back to work, and attempts that finished
 * against those that failed, by grade of evidence. No section until there is something to count.
 */
export function passSection(source: Source): Section[] {
  const { log, plan, view, project } = source;
  if (log === undefined) return [];
  const { tasks } = plan();
  const reviews = [...log.quality.reviews].filter(([task]) => tasks.get(task)?.project === project.id);
  const attempts = new Map<string, PassCount[]>();
  for (const [run, grades] of log.quality.attempts) {
    if (view.get<RunDocument>(runStream(run))?.project !== project.id) continue;
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
