// The user to name in lines that the store itself writes (`store.created`, seals). Used by opening.ts and seal.ts.

import os from 'node:os';

/** The user's name, or `uid-<number>`: in a container the user id may have no name. */
export function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
