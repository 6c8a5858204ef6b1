// The subscriptions of one client: notifies it when any process changes a resource it subscribed to. Watches the log
// only while there is a subscription. Used by serve.ts.

import type { Documents, View } from '../documents/documents.ts';
import type { StreamEvent } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { kindOf } from '../store/stream.ts';

/** Changes within this time give one notification, so that an agent's burst of writes does not flood the client. */
const MERGE_MS = 25;

export interface Notices {
  updated(uri: string): Promise<void>;
}

/** A subscription: the streams that its content is computed from, and how to compute them again. */
interface Watched {
  streams: readonly string[];
  streamsOf(view: View): string[];
}

export class Subscriptions {
  private readonly notices: Notices;
  private readonly watched = new Map<string, Watched>();
  private readonly changed = new Set<string>();
  /** True after a commit that may change the streams of subscriptions. */
  private stale = false;
  private watching: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(notices: Notices) {
    this.notices = notices;
  }

  add(uri: string, streamsOf: Watched['streamsOf'], documents: Documents): void {
    this.watched.set(uri, { streams: documents.peek(streamsOf), streamsOf });
    this.watching ??= this.watch(documents);
  }

  remove(uri: string): void {
    this.watched.delete(uri);
    this.changed.delete(uri);
    if (this.watched.size === 0) this.close();
  }

  close(): void {
    this.watching?.abort();
    this.watching = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private watch(documents: Documents): AbortController {
    const stop = new AbortController();
    const unsubscribe = documents.onChange((commits) => this.note(commits, documents));
    stop.signal.addEventListener('abort', unsubscribe);
    const { store } = documents;
    // Each hint of the watch folds the new lines of other processes, which calls `note`.
    const follow = async () => {
      for await (const _ of store.watch(store.seq(), stop.signal));
    };
    const ended = () => {
      stop.abort();
      // The next subscription starts a new watch.
      if (this.watching === stop) this.watching = undefined;
    };
    follow().then(ended, ended);
    return stop;
  }

  private note(commits: readonly FoldedCommit[], documents: Documents): void {
    const events = commits.flatMap(({ commit }) => commit.events);
    const touched = new Set(events.map(({ stream }) => stream));
    // A subscription to a prefix such as `task/` is touched by any stream of that kind.
    for (const stream of [...touched]) touched.add(`${kindOf(stream)}/`);
    for (const [uri, { streams }] of this.watched) if (streams.some((one) => touched.has(one))) this.changed.add(uri);
    this.stale ||= events.some(decidesReaders);
    if (this.changed.size === 0 && !this.stale) return;
    this.timer ??= setTimeout(() => void this.tell(documents), MERGE_MS).unref();
  }

  /** Recomputes the streams of every subscription. A session that joined a channel has a changed inbox. */
  private renew(documents: Documents): void {
    this.stale = false;
    documents.peek((view) => {
      for (const [uri, watched] of this.watched) {
        const streams = watched.streamsOf(view);
        if (streams.join('\n') === watched.streams.join('\n')) continue;
        watched.streams = streams;
        this.changed.add(uri);
      }
    });
  }

  private async tell(documents: Documents): Promise<void> {
    this.timer = undefined;
    try {
      if (this.stale) this.renew(documents);
      const uris = [...this.changed];
      this.changed.clear();
      // A notice is an answer: it must not report a commit that a power loss could take back.
      await documents.store.flush();
      for (const uri of uris) await this.notices.updated(uri);
    } catch {
      // The client is gone, or the store has stopped, which the next call will report.
    }
  }
}

/** Sessions' own facts, teams and cursors say who reads which channels. Writes of state, the most frequent, do not. */
function decidesReaders({ stream, type }: StreamEvent): boolean {
  if (stream.startsWith('session/')) return !type.startsWith('state.');
  return stream.startsWith('project/') || stream.startsWith('reader/');
}
