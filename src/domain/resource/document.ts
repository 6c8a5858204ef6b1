// The document of a lock: its kinds, its holders, its queue, and its stream. Pure shapes; lock.ts has the rules,
// commands.ts edits it.

export const LOCK_KINDS = ['agent', 'file', 'database', 'api', 'custom'] as const;
export type LockKind = (typeof LOCK_KINDS)[number];

/** The id of the lock that holds all file reservations of a project. */
export const FILE_LOCK = 'file';

/** The most holders, and the most waiters, of one lock, so that its document stays small. */
export const MAX_PARTIES = 500;

export interface Party {
  session: string;
  agent?: string;
  /** 1 goes first. */
  priority: number;
  /** For files: the patterns, and whether others may have them too. */
  paths?: string[];
  shared?: boolean;
  reason?: string;
}

/** Times are ms since the epoch. */
export interface Holder extends Party {
  fence: number;
  since: number;
  lease_ms: number;
  lease_until: number;
  /** The end of the hold even if its holder is still seen. */
  deadline?: number;
}

export interface Waiter extends Party {
  /** Its order among waiters of one priority. */
  ticket: number;
  since: number;
  until: number;
}

export interface LockDocument {
  schema: 1;
  id: string;
  project: string;
  kind: LockKind;
  capacity: number;
  /** The last fence given out. */
  fence: number;
  ticket: number;
  holders: Holder[];
  queue: Waiter[];
}

/** The stream of a lock. All file reservations of a project share one, because any two of them may overlap. */
export function lockStream(project: string, id: string): string {
  return id === FILE_LOCK ? `reservation/${project}` : `lock/${project}/${id}`;
}
