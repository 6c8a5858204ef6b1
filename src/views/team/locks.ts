// Locks with their holders and queues. Computed from documents for answers; commands check locks themselves. Used by
// tools/lock-release.ts, joined/mail.ts and the dashboard view `resources`.

import type { View } from '../../documents/documents.ts';
import { FILE_LOCK, type LockDocument, lockStream } from '../../domain/resource/document.ts';
import { holdEnd, isSame, liveLock } from '../../domain/resource/lock.ts';
import { type Caller, callerName } from '../../domain/team/channel.ts';
import type { ViewScope } from './people.ts';

/** A type, not an interface: answers are open-ended objects. */
export type LockRow = {
  lock: string;
  kind: string;
  capacity: number;
  holders: { who: string; fence: number; since: string; lease_ends: string; paths?: string[]; reason?: string }[];
  waiting: { who: string; priority: number; since: string; paths?: string[] }[];
};

/** The locks of a project that somebody holds or waits for, sorted by name; reservations of files come last. */
export function lockRows(view: View, viewScope: ViewScope): LockRow[] {
  const { project, now, presence } = viewScope;
  const lastSeen = (who: string): number | undefined => presence.lastSeen(who);
  return lockNames(view, project).flatMap((id) => {
    const lock = view.get<LockDocument>(lockStream(project, id));
    if (lock === undefined) return [];
    const live = liveLock(lock, { now, lastSeen });
    if (live.holders.length + live.queue.length === 0) return [];
    const holders = live.holders.map((one) => ({
      who: callerName(one),
      fence: one.fence,
      since: new Date(one.since).toISOString(),
      lease_ends: new Date(holdEnd(one, { now, lastSeen })).toISOString(),
      ...(one.paths === undefined ? {} : { paths: [...one.paths] }),
      ...(one.reason === undefined ? {} : { reason: one.reason }),
    }));
    const waiting = live.queue.map((one) => ({
      who: callerName(one),
      priority: one.priority,
      since: new Date(one.since).toISOString(),
      ...(one.paths === undefined ? {} : { paths: [...one.paths] }),
    }));
    return [{ lock: id, kind: lock.kind, capacity: lock.capacity, holders, waiting }];
  });
}

/** The live holds of a project's locks. */
export function lockHolders(view: View, viewScope: ViewScope): { lock: string; session: string }[] {
  const { project, now, presence } = viewScope;
  const lastSeen = (who: string): number | undefined => presence.lastSeen(who);
  return lockNames(view, project).flatMap((id) => {
    const lock = view.get<LockDocument>(lockStream(project, id));
    const { holders = [] } = lock === undefined ? {} : liveLock(lock, { now, lastSeen });
    return holders.map(({ session }) => ({ lock: id, session }));
  });
}

/** Ids of the locks that the caller holds or waits for. */
export function locksOf(view: View, project: string, caller: Caller): string[] {
  return locksWith(view, project, (one) => isSame(one, caller));
}

/** Ids of the locks that a session or one of its agents holds or waits for. */
export function locksOfSession(view: View, project: string, session: string): string[] {
  return locksWith(view, project, (one) => one.session === session);
}

function locksWith(view: View, project: string, isMeant: (party: Caller) => boolean): string[] {
  return lockNames(view, project).filter((id) => {
    const lock = view.get<LockDocument>(lockStream(project, id));
    return lock !== undefined && [...lock.holders, ...lock.queue].some(isMeant);
  });
}

/** Ids of all locks that were ever requested, sorted; reservations of files come last. */
export function lockNames(view: View, project: string): string[] {
  const prefix = `lock/${project}/`;
  const names = view.streams(prefix).map((stream) => stream.slice(prefix.length));
  return [...names.sort(), FILE_LOCK];
}
