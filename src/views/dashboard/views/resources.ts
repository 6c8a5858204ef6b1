// The dashboard's view of what can be held: locks, who has them, who waits, and what the project says there is.

import { type ProjectConfig, withDefaults } from '../../../domain/project/config.ts';
import type { ProjectDocument } from '../../../domain/project/project.ts';
import { projectStream } from '../../../domain/session-commands.ts';
import { type LockRow, lockRows } from '../../team/locks.ts';
import { columns, type DashboardView, type Row, type Section, type Source } from '../define.ts';

const LOCK_COLUMNS = columns({
  lock: 'id',
  kind: 'text',
  held: 'count',
  capacity: 'count',
  use_percent: { kind: 'percent', title: 'in use', bar: true },
  waiting: 'count',
});
const HOLDER_COLUMNS = columns({
  lock: 'id',
  who: 'text',
  since_at: 'time',
  lease_ends_at: 'time',
  paths: { kind: 'text', spare: 1 },
  reason: { kind: 'text', spare: 2 },
});
const WAITING_COLUMNS = columns({
  lock: 'id',
  who: 'text',
  since_at: 'time',
  priority: 'count',
  paths: { kind: 'text', spare: 1 },
});
const DEFINED_COLUMNS = columns({
  resource: 'id',
  kind: 'text',
  capacity: 'count',
  description: { kind: 'text', spare: 1 },
});

export const resources: DashboardView = {
  name: 'resources',
  title: 'Resources',
  sections: (source) => {
    const { view, now, presence, project } = source;
    const locks = lockRows(view, { project: project.id, now, presence });
    const waiting = locks.flatMap(waitingRows).sort((a, b) => String(a.since_at).localeCompare(String(b.since_at)));
    return [
      { name: 'locks', title: 'Held or waited for', columns: LOCK_COLUMNS, rows: locks.map(lockRow) },
      { name: 'holders', title: 'Who holds', columns: HOLDER_COLUMNS, rows: locks.flatMap(holderRows) },
      { name: 'waiting', title: 'Who waits', columns: WAITING_COLUMNS, rows: waiting },
      ...definedSection(source),
    ];
  },
};

function lockRow({ lock, kind, capacity, holders, waiting }: LockRow): Row {
  const row: Row = { lock, kind, held: holders.length, capacity, waiting: waiting.length };
  // Files are reserved by pattern: how many fit beside each other has no number.
  return Number.isFinite(capacity) && capacity > 0 && kind !== 'file'
    ? { ...row, use_percent: (100 * holders.length) / capacity }
    : row;
}

function holderRows({ lock, holders }: LockRow): Row[] {
  return holders.map(({ who, since, lease_ends, paths, reason }) => {
    return { lock, who, since_at: since, lease_ends_at: lease_ends, paths: paths?.join(' '), reason };
  });
}

function waitingRows({ lock, waiting }: LockRow): Row[] {
  return waiting.map(({ who, since, priority, paths }) => ({
    lock,
    who,
    since_at: since,
    priority,
    paths: paths?.join(' '),
  }));
}

/** What the project's configuration names; absent if it names nothing. */
function definedSection({ view, project }: Source): Section[] {
  const found: ProjectConfig['resources'] = withDefaults(
    view.get<ProjectDocument>(projectStream(project.id))?.config,
  ).resources;
  const rows = Object.entries(found).map(
    ([resource, { capacity, kind, description }]): Row => ({ resource, kind, capacity, description }),
  );
  if (rows.length === 0) return [];
  return [{ name: 'defined', title: 'Defined by the project', columns: DEFINED_COLUMNS, rows, more: 'project_get {}' }];
}
