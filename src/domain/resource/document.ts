// The document of a lock: its kinds, its holders and those in line, and the stream it is kept in. Pure shapes; lock.ts
// has the rules, commands.ts edits it.

export const LOCK_KINDS = ['agent', 'file', 'database', 'api', 'custom'] as const;
export type LockKind = (typeof LOCK_KINDS)[number];

/** What file reservations are called, all of a project together. */
export const FILE_LOCK = 'file';

/** Holders of one document, and those in line: more is refused, so that it stays small. */
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
  /** Held no longer than this, whoever is seen. */
  deadline?: number;
}

export interface Waiter extends Party {
  /** Its place among those of one priority. */
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
  /** The last one given out. */
  fence: number;
  ticket: number;
  holders: Holder[];
  queue: Waiter[];
}

/** The stream of a lock. Reservations of files share one, since any two of them may be about one file. */
export function lockStream(project: string, id: string): string {
  return id === FILE_LOCK ? `reservation/${project}` : `lock/${project}/${id}`;
}
