// The dashboard's view of figures: what this process has served, what the log holds, how well runs go.

import type { RunDocument } from '../../../domain/run.ts';
import { columns, type DashboardView, type Row, type Section, type Source } from '../define.ts';
import { openSessions } from './agents.ts';
import { runsOf } from './runs.ts';

const CALL_COLUMNS = columns({
  tool: 'id',
  calls: { kind: 'count', grows: true },
  failures: { kind: 'count', grows: true },
  bugs: { kind: 'count', grows: true, spare: 3 },
  p50_ms: { kind: 'ms', title: 'p50' },
  p95_ms: { kind: 'ms', title: 'p95' },
  p99_ms: { kind: 'ms', title: 'p99', spare: 1 },
  max_ms: { kind: 'ms', title: 'max', spare: 2 },
});
const FAILURE_COLUMNS = columns({ code: 'id', tool: 'id', count: { kind: 'count', grows: true } });
const PROCESS_COLUMNS = columns({
  pid: 'text',
  uptime_ms: 'ms',
  rss_bytes: { kind: 'bytes', title: 'memory' },
  heap_bytes: { kind: 'bytes', title: 'heap' },
});
const LOG_COLUMNS = columns({
  commits: { kind: 'count', grows: true },
  events: { kind: 'count', grows: true },
  void_lines: { kind: 'count', grows: true },
  void_percent: { kind: 'percent', title: 'void' },
  torn_lines: { kind: 'count', grows: true },
  size_bytes: { kind: 'bytes', title: 'log size' },
});
const TYPE_COLUMNS = columns({ type: 'id', events: { kind: 'count', grows: true } });
const BY_TOOL_COLUMNS = columns({ tool: 'id', commits: { kind: 'count', grows: true } });
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
const SESSION_COLUMNS = columns({ open: 'count', live: 'count', all: 'count' });

export const metrics: DashboardView = {
  name: 'metrics',
  title: 'Metrics',
  needsLog: true,
  sections: (source) => [
    ...callSections(source),
    {
      name: 'runs',
      title: 'Quality of runs (this project)',
      columns: QUALITY_COLUMNS,
      rows: [qualityOf(runsOf(source))],
      facts: true,
      half: true,
    },
    {
      name: 'sessions',
      title: 'Sessions (this project)',
      columns: SESSION_COLUMNS,
      rows: [sessionCounts(source)],
      facts: true,
      half: true,
    },
    ...logSections(source),
  ],
};

/** Absent on the command line, which serves nothing. */
function callSections({ calls, process }: Source): Section[] {
  if (calls === undefined) return [];
  const { pid, uptime_ms, rss_bytes, heap_bytes } = process;
  const sections: Section[] = [
    {
      name: 'process',
      title: 'This process only, since it began',
      columns: PROCESS_COLUMNS,
      rows: [{ pid: String(pid), uptime_ms, rss_bytes, heap_bytes }],
      facts: true,
    },
    { name: 'tools', title: 'Calls served by this process', columns: CALL_COLUMNS, rows: calls.tools },
  ];
  if (calls.failures.length > 0) {
    sections.push({
      name: 'failures',
      title: 'Refused by this process',
      columns: FAILURE_COLUMNS,
      rows: calls.failures,
    });
  }
  return sections;
}

function logSections({ log }: Source): Section[] {
  if (log === undefined) return [];
  const { commits, events, void_lines, torn_lines, size_bytes } = log;
  const lines = commits + void_lines;
  const ratio = lines === 0 ? {} : { void_percent: (100 * void_lines) / lines };
  const rows = [{ commits, events, void_lines, ...ratio, torn_lines, size_bytes }];
  const ranked = (counts: ReadonlyMap<string, number>): [string, number][] => [...counts].sort((a, b) => b[1] - a[1]);
  return [
    { name: 'log', title: 'Log (all processes, since the store was made)', columns: LOG_COLUMNS, rows, facts: true },
    {
      name: 'commits',
      title: 'Commits by tool',
      columns: BY_TOOL_COLUMNS,
      rows: ranked(log.byTool).map(([tool, count]) => ({ tool, commits: count })),
      half: true,
    },
    {
      name: 'events',
      title: 'Events by type',
      columns: TYPE_COLUMNS,
      rows: ranked(log.byType).map(([type, count]) => ({ type, events: count })),
      half: true,
    },
  ];
}

/** What the run documents say of tries. A figure that no node gives is absent. */
export function qualityOf(all: readonly Readonly<RunDocument>[]): Row {
  const sum = { nodes_ended: 0, attempts: 0, retries: 0, failed: 0, late_results: 0, lost_claims: 0, reused: 0 };
  let finished = 0;
  let first = 0;
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
  const rate = sum.nodes_ended === 0 ? {} : { first_try_percent: (100 * first) / sum.nodes_ended };
  return {
    ...sum,
    ...rate,
    ...(tokens === undefined ? {} : { tokens }),
    ...(cost === undefined ? {} : { cost_usd: cost }),
  };
}

function sessionCounts(source: Source): Row {
  const open = openSessions(source);
  const live = open.filter(({ id }) => source.served().has(id)).length;
  return { open: open.length, live, all: source.view.streams('session/').length };
}
