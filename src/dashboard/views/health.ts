// The dashboard view `health`: the checks, with what to do about each that is not ok, and figures of the store.

import { CHECKS } from '../../views/health/alerts.ts';
import type { Source } from '../../views/source.ts';
import { columns, type DashboardView, type Row } from '../define.ts';

const CHECK_COLUMNS = columns({
  check: 'id',
  state: 'status',
  level: { kind: 'count', quiet: true },
  found: 'prose',
  // Quiet, because the alerts above show it.
  next: { kind: 'prose', quiet: true },
});
const STORE_COLUMNS = columns({
  kind: 'text',
  durability: 'text',
  seq: { kind: 'count', grows: true },
  commits: { kind: 'count', grows: true },
  events: { kind: 'count', grows: true },
  void_lines: { kind: 'count', grows: true },
  torn_lines: { kind: 'count', grows: true },
  segments: 'count',
  size_bytes: { kind: 'bytes', title: 'log size' },
});
const DOCUMENT_COLUMNS = columns({ kind: 'text', documents: 'count' });

export const health: DashboardView = {
  name: 'health',
  title: 'Health',
  needsLog: true,
  alerts: CHECKS,
  sections: (source) => {
    const checks = checkRows(source);
    const kept = checks.filter(({ level }) => level !== 0).length;
    return [
      { name: 'checks', title: 'Checks', columns: CHECK_COLUMNS, rows: checks, kept },
      { name: 'store', title: 'Store', columns: STORE_COLUMNS, rows: [storeRow(source)], facts: true, half: true },
      { name: 'documents', title: 'Documents', columns: DOCUMENT_COLUMNS, rows: documentRows(source), half: true },
    ];
  },
  hint: (source) => {
    const [worst] = source.checks();
    return worst?.state === 'ok' ? undefined : worst?.next;
  },
};

/** `level`: 0 for ok, 1 for warn, 2 for bad. */
function checkRows(source: Source): Row[] {
  const levels = { ok: 0, warn: 1, bad: 2 };
  return source.checks().map((check) => ({ ...check, level: levels[check.state] }));
}

function storeRow({ view, store, log }: Source): Row {
  const { kind, durability } = store;
  if (log === undefined) return { kind, durability, seq: view.seq };
  const { commits, events, void_lines, torn_lines, segments, size_bytes } = log;
  return { kind, durability, seq: view.seq, commits, events, void_lines, torn_lines, segments, size_bytes };
}

/** The number of documents of each kind in the whole store, the most first. */
function documentRows({ view }: Source): Row[] {
  return [...view.streamCounts()].sort((a, b) => b[1] - a[1]).map(([kind, documents]) => ({ kind, documents }));
}
