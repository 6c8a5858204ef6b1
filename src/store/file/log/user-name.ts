// Whom to name in a line that the store itself writes. Used by opening.ts and seal.ts.

import os from 'node:os';

/** A container's user id may have no name. */
export function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
