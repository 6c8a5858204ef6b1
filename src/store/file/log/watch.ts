// Watches the log directory for growth. Its events are hints that may come late, merged or repeated, so a slow poll
// backs them up on file systems that report nothing. Used by file-store.ts and cli/verbs/log.ts.

import fs from 'node:fs';

const POLL_MS = 500;
/** Merges the events of one burst of writes into one hint. */
const MERGE_MS = 5;

/** Calls `hint` after the log directory may have changed, until the signal aborts. Does not keep the process alive. */
export function watchLog(logDir: string, signal: AbortSignal, hint: () => void): void {
  if (signal.aborted) return;
  let pending: NodeJS.Timeout | undefined;
  const soon = () => {
    pending ??= setTimeout(() => {
      pending = undefined;
      hint();
    }, MERGE_MS).unref();
  };
  const poll = setInterval(hint, POLL_MS).unref();
  let watcher: fs.FSWatcher | undefined;
  try {
    watcher = fs.watch(logDir, { persistent: false }, soon);
    watcher.on('error', () => watcher?.close());
  } catch {
    // No watches left, or none on this system: the poll goes on.
  }
  signal.addEventListener('abort', () => {
    clearInterval(poll);
    clearTimeout(pending);
    watcher?.close();
  });
}
