// The words that programs, people and models use for the status of a task, in one table. Imports read statuses by it;
// arguments of tools can be read by it too. Pure.

import type { TaskStatus } from './task.ts';

const WORDS: Record<TaskStatus, readonly string[]> = {
  todo: ['todo', 'to do', 'open', 'pending', 'new', 'backlog', 'planned', 'ready', 'not started', 'queued', 'created'],
  active: [
    ...['active', 'in progress', 'in work', 'doing', 'started', 'wip', 'working', 'running', 'ongoing', 'begun'],
    ...['hooked', 'in development'],
  ],
  review: ['review', 'in review', 'reviewing', 'needs review', 'verify', 'in testing', 'testing', 'qa', 'submitted'],
  blocked: ['blocked', 'stuck', 'waiting', 'impeded'],
  done: ['done', 'completed', 'complete', 'closed', 'finished', 'resolved', 'fixed', 'merged', 'shipped'],
  cancelled: ['cancelled', 'canceled', 'wontfix', 'wont do', 'abandoned', 'dropped', 'rejected', 'obsolete', 'skipped'],
};
/** Words of shrimp's older files, which are in Chinese. */
const CHINESE: Partial<Record<TaskStatus, readonly string[]>> = {
  todo: ['待處理', '待处理'],
  active: ['進行中', '进行中'],
  blocked: ['被阻擋', '被阻挡'],
  done: ['已完成'],
};
/** Put off on purpose: not finished, and not to be offered. */
const HELD = ['deferred', 'paused', 'on hold', 'hold', 'postponed', 'someday', 'snoozed', 'icebox', 'parked'];
/** No longer there where it comes from. */
const GONE = ['deleted', 'tombstone', 'removed', 'trashed'];

/** Letters and digits alone, so that `In-Progress`, `in_progress ` and `inProgress` are one word. */
const bare = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

const MEANINGS: ReadonlyMap<string, TaskStatus | 'held' | 'gone'> = new Map([
  ...Object.entries({ ...WORDS }).flatMap(([status, words]) =>
    [...words, ...(CHINESE[status as TaskStatus] ?? [])].map((word) => [bare(word), status as TaskStatus] as const),
  ),
  ...HELD.map((word) => [bare(word), 'held'] as const),
  ...GONE.map((word) => [bare(word), 'gone'] as const),
]);

/** What a word says of a task; `held` for one put off, `gone` for one deleted, undefined for an unknown word. */
export function meaningOf(text: string): TaskStatus | 'held' | 'gone' | undefined {
  return MEANINGS.get(bare(text));
}

/** The status that a word names; undefined if it is unknown, or names none of the statuses of a task. */
export function statusOf(text: string): TaskStatus | undefined {
  const meaning = meaningOf(text);
  return meaning === 'held' || meaning === 'gone' ? undefined : meaning;
}
