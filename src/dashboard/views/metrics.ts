// The dashboard view `metrics`. The title of each section says whether its figures are of this process or of all.

import { sessionCount } from '../../views/session/sessions.ts';
import { type Source, viewScopeOf } from '../../views/source.ts';
import { openSessions } from '../../views/team/people.ts';
import { columns, type DashboardView, type Row, type Section } from '../define.ts';
import { limitSection, passSection, qualitySection } from './quality.ts';

const CALL_COLUMNS = columns({
  tool: 'id',
  calls: { kind: 'count', grows: true },
  failures: { kind: 'count', grows: true },
  bugs: { kind: 'count', grows: true, spare: 3 },
  failed_percent: { kind: 'percent', title: 'failed', spare: 2 },
  p50_ms: { kind: 'ms', title: 'p50' },
  p95_ms: { kind: 'ms', title: 'p95' },
  p99_ms: { kind: 'ms', title: 'p99', spare: 1 },
  max_ms: { kind: 'ms', title: 'max', spare: 2 },
});
const PATH_COLUMNS = columns({
  tool: 'id',
  path: 'id',
  calls: { kind: 'count', grows: true },
  failures: { kind: 'count', grows: true },
});
const CACHE_COLUMNS = columns({
  cache: 'id',
  hits: { kind: 'count', grows: true },
  misses: { kind: 'count', grows: true },
  held: 'count',
  hit_percent: { kind: 'percent', title: 'hit rate' },
});
const FAILURE_COLUMNS = columns({ code: 'id', tool: 'id', count: { kind: 'count', grows: true } });
const PROCESS_COLUMNS = columns({
  pid: 'text',
  uptime_ms: 'ms',
  rss_bytes: { kind: 'bytes', title: 'memory' },
  heap_bytes: { kind: 'bytes', title: 'heap' },
  calls: { kind: 'count', grows: true },
  spans: { kind: 'count', grows: true },
  spans_dropped: { kind: 'count', grows: true },
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
const SESSION_COLUMNS = columns({ open: 'count', live: 'count', all: 'count' });

export const metrics: DashboardView = {
  name: 'metrics',
  title: 'Metrics',
  needsLog: true,
  alerts: ['contention', 'log'],
  sections: (source) => [
    ...callSections(source),
    ...passSection(source),
    qualitySection(source),
    {
      name: 'sessions',
      title: 'Sessions (this project)',
      columns: SESSION_COLUMNS,
      rows: [sessionCounts(source)],
      facts: true,
      half: true,
    },
    limitSection(source, 'Utilisation (this project, now)'),
    ...cacheSection(source),
    ...logSections(source),
  ],
};

/** Hits of this process's caches; absent on the command line, which serves no calls. */
function cacheSection({ calls, process }: Source): Section[] {
  if (calls === undefined) return [];
  const rows = process.caches.map((count): Row => {
    const asked = count.hits + count.misses;
    return { ...count, hit_percent: asked === 0 ? undefined : (100 * count.hits) / asked };
  });
  return [{ name: 'caches', title: 'Caches of this process', columns: CACHE_COLUMNS, rows, half: true }];
}

/** Figures of served calls; absent on the command line, which serves none. */
function callSections({ calls, process }: Source): Section[] {
  if (calls === undefined) return [];
  const { pid, uptime_ms, rss_bytes, heap_bytes, spans } = process;
  const served = calls.tools.reduce((sum, { calls: count }) => sum + count, 0);
  const facts = { pid: String(pid), uptime_ms, rss_bytes, heap_bytes, calls: served };
  const sections: Section[] = [
    {
      name: 'process',
      title: 'This process only, since it began',
      columns: PROCESS_COLUMNS,
      rows: [{ ...facts, spans: spans?.written, spans_dropped: spans?.dropped }],
      facts: true,
    },
    { name: 'tools', title: 'Calls served by this process', columns: CALL_COLUMNS, rows: calls.tools },
  ];
  if (calls.paths.length > 0) {
    const title = 'Paths asked of this process, by shape';
    sections.push({ name: 'paths', title, columns: PATH_COLUMNS, rows: calls.paths });
  }
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

function sessionCounts(source: Source): Row {
  const open = openSessions(source.view, viewScopeOf(source));
  const live = open.filter(({ id }) => source.served().has(id)).length;
  return { open: open.length, live, all: sessionCount(source.view, source.project.id) };
}
