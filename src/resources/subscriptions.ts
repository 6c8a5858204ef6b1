// Which resources a client wants to hear about, and telling it when any process has changed them. Watches the log only
// while somebody is subscribed.

import type { Documents, View } from '../documents/documents.ts';
import type { Commit, StreamEvent } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { kindOf } from '../store/stream.ts';

/** Changes within this time are told once: an agent that writes in bursts should not flood its neighbours. */
const MERGE_MS = 25;

export interface Notices {
  updated(uri: string): Promise<void>;
  listChanged(): Promise<void>;
}

/** A subscription: what its content rests on now, and how to find that out anew. */
interface Watched {
  streams: readonly string[];
  streamsOf(view: View): string[];
}

export class Subscriptions {
  private readonly notices: Notices;
  private readonly watched = new Map<string, Watched>();
  private readonly changed = new Set<string>();
  private listChanged = false;
  /** Something changed that may decide what contents rest on. */
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
    // Each hint folds what others appended, which calls `note`.
    const follow = async () => {
      for await (const _ of store.watch(store.seq(), stop.signal));
    };
    const ended = () => {
      stop.abort();
      // Whoever subscribes next tries again.
      if (this.watching === stop) this.watching = undefined;
    };
    follow().then(ended, ended);
    return stop;
  }

  private note(commits: readonly FoldedCommit[], documents: Documents): void {
    const events = commits.flatMap(({ commit }) => commit.events);
    const touched = new Set(events.map(({ stream }) => stream));
    // A whole kind is touched by any of its streams.
    for (const stream of [...touched]) touched.add(`${kindOf(stream)}/`);
    for (const [uri, { streams }] of this.watched) if (streams.some((one) => touched.has(one))) this.changed.add(uri);
    this.listChanged ||= commits.some(({ commit }) => commit.events.some(({ stream }) => isNew(commit, stream)));
    this.stale ||= events.some(decidesReaders);
    if (this.changed.size === 0 && !this.listChanged && !this.stale) return;
    this.timer ??= setTimeout(() => void this.tell(documents), MERGE_MS).unref();
  }

  /**
   * Who has joined a team or channel reads more than before: that is a change of its inbox, and so is what comes there.
   */
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
      const listChanged = this.listChanged;
      this.changed.clear();
      this.listChanged = false;
      // A notice is an answer: it must not speak of what power loss could take back.
      await documents.store.flush();
      for (const uri of uris) await this.notices.updated(uri);
      if (listChanged) await this.notices.listChanged();
    } catch {
      // The client is gone, or the store has stopped: who asks will be told.
    }
  }
}

/** Whether a commit made a stream: it expected the stream to have no events. */
function isNew({ expect }: Commit, stream: string): boolean {
  return expect[stream]?.[0] === 0;
}

/** Sessions' own facts, teams and cursors say who reads which channels. Writes of state, the most frequent, do not. */
function decidesReaders({ stream, type }: StreamEvent): boolean {
  if (stream.startsWith('session/')) return !type.startsWith('state.');
  return stream.startsWith('project/') || stream.startsWith('reader/');
}
