// The words that people, models and other programs use for how something stands, in one table for tool arguments and
// importers, so that the same word means the same wherever it comes from. Pure.

import type { TaskStatus } from './plan/task.ts';

interface Notion {
  /** The statuses of Baton that say it. What a place allows decides among them. */
  statuses: readonly string[];
  words: readonly string[];
  /** What it is for an imported task: a status, put off on purpose, or no longer there. Absent: not told of tasks. */
  task?: TaskStatus | 'held' | 'gone';
}

/** A word may stand in several notions; for an imported task the first one counts. */
const NOTIONS: readonly Notion[] = [
  {
    statuses: ['todo'],
    words: ['to do', 'pending', 'open', 'new', 'backlog', 'queued', 'not started', 'created', '待處理', '待处理'],
    task: 'todo',
  },
  {
    statuses: ['planned'],
    words: ['planning', 'pending', 'draft', 'future', 'upcoming', 'not started', 'new'],
    task: 'todo',
  },
  { statuses: ['ready'], words: ['available', 'unblocked', 'startable'], task: 'todo' },
  {
    statuses: ['active', 'running', 'progress', 'claimed'],
    words: [
      ...['in progress', 'in work', 'doing', 'started', 'wip', 'work in progress', 'working', 'ongoing', 'begun'],
      ...['hooked', 'in development', 'executing', '進行中', '进行中'],
    ],
    task: 'active',
  },
  { statuses: ['progress'], words: ['update'] },
  { statuses: ['claimed'], words: ['assigned'] },
  {
    statuses: ['review'],
    words: [
      ...['in review', 'reviewing', 'needs review', 'to review', 'for review', 'code review', 'verify', 'verifying'],
      ...['in testing', 'testing', 'qa', 'submitted'],
    ],
    task: 'review',
  },
  { statuses: ['blocked'], words: ['stuck', 'waiting', 'impeded', '被阻擋', '被阻挡'], task: 'blocked' },
  {
    statuses: ['paused', 'blocked'],
    words: ['on hold', 'hold', 'deferred', 'suspended', 'postponed', 'someday', 'snoozed', 'icebox', 'parked'],
    task: 'held',
  },
  {
    statuses: ['done', 'completed', 'finished'],
    words: [
      ...['complete', 'closed', 'resolved', 'fixed', 'merged', 'shipped', 'ended', 'success', 'succeeded', 'ok'],
      '已完成',
    ],
    task: 'done',
  },
  {
    statuses: ['cancelled'],
    words: [
      ...['canceled', 'abandoned', 'dropped', 'obsolete', 'discarded', 'rejected', 'wontfix', 'wont fix', 'wont do'],
    ],
    task: 'cancelled',
  },
  { statuses: ['failed'], words: ['failure', 'fail', 'error', 'errored'] },
  { statuses: ['skipped', 'skip'], words: [], task: 'cancelled' },
  { statuses: ['released'], words: ['release', 'returned', 'given back', 'unclaimed'] },
  { statuses: ['expired'], words: ['timed out', 'stale'] },
  { statuses: [], words: ['deleted', 'tombstone', 'removed', 'trashed'], task: 'gone' },
];

/** A word as it is compared, letters and digits alone: `In-Progress`, `in_progress ` and `inProgress` are one. */
export function plainWord(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

const BY_WORD = new Map<string, Notion[]>();
for (const notion of NOTIONS) {
  for (const word of new Set([...notion.statuses, ...notion.words].map(plainWord)))
    BY_WORD.set(word, [...(BY_WORD.get(word) ?? []), notion]);
}

/**
 * Those of the allowed words that a word may mean: the same word in another spelling alone, else all with which it
 * shares a notion. Empty if it means none of them.
 */
export function statusesMeant(word: string, allowed: readonly string[]): string[] {
  const plain = plainWord(word);
  const same = allowed.filter((one) => plainWord(one) === plain);
  if (same.length > 0) return same;
  const notions = BY_WORD.get(plain) ?? [];
  return allowed.filter((one) => notions.some(({ statuses }) => statuses.includes(one)));
}

/** What a word says of a task; `held` for one put off, `gone` for one deleted, undefined for an unknown word. */
export function meaningOf(word: string): Notion['task'] {
  return BY_WORD.get(plainWord(word))?.find(({ task }) => task !== undefined)?.task;
}

/** The status that a word names; undefined if it is unknown, or names none of the statuses of a task. */
export function statusOf(word: string): TaskStatus | undefined {
  const meaning = meaningOf(word);
  return meaning === 'held' || meaning === 'gone' ? undefined : meaning;
}
