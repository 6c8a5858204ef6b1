// The dashboard view `resources`: locks and the project's resources, who holds them and who waits for them.

import { configOf } from '../../views/project/settings.ts';
import { type Source, viewScopeOf } from '../../views/source.ts';
import { type LockRow, lockRows } from '../../views/team/locks.ts';
import { columns, type DashboardView, type Row } from '../define.ts';
import { limitSection } from './quality.ts';

const LOCK_COLUMNS = columns({
  lock: 'id',
  kind: { kind: 'text', spare: 1 },
  held: 'count',
  capacity: 'count',
  use_percent: { kind: 'percent', title: 'in use', bar: true },
  waiting: 'count',
  description: { kind: 'prose', spare: 2 },
});
const HOLDER_COLUMNS = columns({
  lock: 'id',
  who: 'who',
  since_at: 'time',
  lease_ends_at: 'time',
  paths: { kind: 'prose', spare: 1 },
  reason: { kind: 'prose', spare: 2 },
});
const WAITING_COLUMNS = columns({
  lock: 'id',
  who: 'who',
  since_at: 'time',
  priority: 'count',
  paths: { kind: 'prose', spare: 1 },
});
export const resources: DashboardView = {
  name: 'resources',
  title: 'Resources',
  sections: (source) => {
    const locks = lockRows(source.view, viewScopeOf(source));
    const waiting = locks.flatMap(waitingRows).sort((a, b) => String(a.since_at).localeCompare(String(b.since_at)));
    return [
      {
        name: 'locks',
        title: 'Resources and locks',
        columns: LOCK_COLUMNS,
        rows: resourceRows(source, locks),
        more: 'project_get {}',
      },
      { name: 'holders', title: 'Who holds', columns: HOLDER_COLUMNS, rows: locks.flatMap(holderRows) },
      { name: 'waiting', title: 'Who waits', columns: WAITING_COLUMNS, rows: waiting },
      { ...limitSection(source, 'Limits of agents'), half: false },
    ];
  },
};

/** Locks that are held or waited for, then the project's resources that nobody uses. */
function resourceRows({ view, project }: Source, locks: readonly LockRow[]): Row[] {
  const defined = new Map(Object.entries(configOf(view, project.id).resources));
  const used = locks.map(({ lock, kind, capacity, holders, waiting }): Row => {
    const row = { lock, kind, held: holders.length, waiting: waiting.length };
    const { description } = defined.get(lock) ?? {};
    defined.delete(lock);
    // Files are reserved by pattern, so the number of reservations has no limit to compare with.
    const counted = Number.isFinite(capacity) && capacity > 0 && kind !== 'file';
    return {
      ...row,
      capacity: counted ? capacity : undefined,
      description,
      use_percent: counted ? (100 * holders.length) / capacity : undefined,
    };
  });
  const idle = [...defined].map(([lock, { kind, capacity, description }]): Row => {
    return { lock, kind, held: 0, capacity, waiting: 0, description, use_percent: 0 };
  });
  return [...used, ...idle];
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
