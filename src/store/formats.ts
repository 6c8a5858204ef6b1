// The store's format number, and what raised it. A store begins with the first format; the first commit that uses what
// an older program would misjudge raises it, in its own line, and from then on older programs stop writing. Used by the
// log and its caches, by admin/ and by the commands that use the features.

import type { Commit } from './commit.ts';

/** The format of a store in which nothing below is used. */
export const FIRST_FORMAT = 1;

/**
 * What older programs would misjudge, and the format that it raises a store to. A new one is a line here, and a rule in
 * domain/features.ts that tells where it is used. New event types need none: a commit's effect is its patch, whatever
 * the type.
 */
export const FEATURE_FORMATS = {
  /** Nodes that start by anything but the success of all their needs. */
  triggers: 2,
  /** Conditions, and nodes that the run begins by itself: maps, sub-graphs, waits, approvals. */
  scopes: 3,
  /** Nodes whose work passes gates before it counts as done. */
  gates: 4,
} as const;

export type Feature = keyof typeof FEATURE_FORMATS;

/** The highest format that this program knows. A store with a higher one is refused. */
export const STORE_FORMAT = Math.max(FIRST_FORMAT, ...Object.values(FEATURE_FORMATS));

export function isKnownFormat(format: unknown): boolean {
  return typeof format === 'number' && format >= FIRST_FORMAT && format <= STORE_FORMAT;
}

/** The format that a commit says the store has from here on; undefined for most. Any event of the stream may say it. */
export function formatIn(commit: Commit): number | undefined {
  let found: number | undefined;
  for (const event of commit.events) {
    const format = event.stream === 'store' ? event.data?.format : undefined;
    if (typeof format === 'number') found = Math.max(format, found ?? 0);
  }
  return found;
}
