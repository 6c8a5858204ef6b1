// A hint that the log may have grown. Truth never rests on it: it may be late, merged or repeated, so a slow poll
// stands beside it for file systems that report nothing.

import fs from 'node:fs';

const POLL_MS = 500;
/** Events of one burst of writes are merged into one hint. */
const MERGE_MS = 5;

/** Calls `hint` after the log directory changed, until the signal aborts. Keeps no process alive. */
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
    // No inotify left, or none on this system: the poll remains.
  }
  signal.addEventListener('abort', () => {
    clearInterval(poll);
    clearTimeout(pending);
    watcher?.close();
  });
}
