// Words for a status that people, models and other programs use for those of Baton: one table for tool arguments and
// importers, so that the same word is the same status wherever it comes from.

/** Each group means one thing. A word may stand in several groups: the statuses that a place allows decide. */
const GROUPS: readonly (readonly string[])[] = [
  ['todo', 'to_do', 'pending', 'open', 'new', 'backlog', 'queued', 'not_started', 'waiting'],
  ['planned', 'planning', 'pending', 'draft', 'future', 'upcoming', 'not_started', 'new'],
  ['ready', 'available', 'unblocked', 'startable'],
  [
    'active',
    'in_progress',
    'inprogress',
    'doing',
    'started',
    'wip',
    'working',
    'work_in_progress',
    'ongoing',
    'running',
  ],
  ['running', 'active', 'in_progress', 'inprogress', 'started', 'executing'],
  ['progress', 'in_progress', 'inprogress', 'working', 'running', 'update'],
  ['claimed', 'in_progress', 'inprogress', 'active', 'working', 'assigned'],
  ['review', 'in_review', 'reviewing', 'needs_review', 'to_review', 'for_review', 'code_review', 'verifying'],
  ['blocked', 'stuck', 'on_hold', 'hold', 'impeded'],
  ['paused', 'suspended', 'on_hold', 'hold', 'deferred'],
  ['done', 'completed', 'complete', 'finished', 'closed', 'resolved', 'fixed', 'merged', 'success', 'succeeded'],
  ['completed', 'complete', 'done', 'finished', 'closed', 'ended'],
  ['finished', 'done', 'completed', 'complete', 'success', 'succeeded', 'ok'],
  ['cancelled', 'canceled', 'abandoned', 'dropped', 'obsolete', 'discarded', 'wontfix', 'wont_fix', 'wont_do'],
  ['failed', 'failure', 'fail', 'error', 'errored'],
  ['skipped', 'skip'],
  ['released', 'release', 'returned', 'given_back', 'unclaimed'],
  ['expired', 'timed_out', 'stale'],
];

/** A word as it is compared: without case, spaces at its ends, and the sort of its separators. */
export function plainWord(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_')
    .replaceAll("'", '');
}

/**
 * Those of the allowed words that a word may mean: the same word in another spelling alone, else all with which it
 * shares a group. Empty if it means none of them.
 */
export function statusesMeant(word: string, allowed: readonly string[]): string[] {
  const plain = plainWord(word);
  const same = allowed.filter((one) => plainWord(one) === plain);
  if (same.length > 0) return same;
  return allowed.filter((one) => GROUPS.some((group) => group.includes(one) && group.includes(plain)));
}
