// Which resources a client wants to hear about, and telling it when any process has changed them. Watches the log only
// while somebody is subscribed.

import type { Documents } from '../documents/documents.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { kindOf } from '../store/stream.ts';

/** Changes within this time are told once: an agent that writes in bursts should not flood its neighbours. */
const MERGE_MS = 25;

export interface Notices {
  updated(uri: string): Promise<void>;
  listChanged(): Promise<void>;
}

export class Subscriptions {
  private readonly notices: Notices;
  private readonly streams = new Map<string, readonly string[]>();
  private readonly changed = new Set<string>();
  private listChanged = false;
  private watching: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(notices: Notices) {
    this.notices = notices;
  }

  add(uri: string, streams: readonly string[], documents: Documents): void {
    this.streams.set(uri, streams);
    this.watching ??= this.watch(documents);
  }

  remove(uri: string): void {
    this.streams.delete(uri);
    this.changed.delete(uri);
    if (this.streams.size === 0) this.close();
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
    const touched = new Set(commits.flatMap(({ commit }) => commit.events.map((event) => event.stream)));
    // A whole kind is touched by any of its streams.
    for (const stream of [...touched]) touched.add(`${kindOf(stream)}/`);
    for (const [uri, streams] of this.streams) if (streams.some((stream) => touched.has(stream))) this.changed.add(uri);
    this.listChanged ||= commits.some(({ commit }) =>
      commit.events.some(({ patch }) => patch[0]?.op === 'add' && patch[0].path === ''),
    );
    if (this.changed.size === 0 && !this.listChanged) return;
    this.timer ??= setTimeout(() => void this.tell(documents), MERGE_MS).unref();
  }

  private async tell(documents: Documents): Promise<void> {
    this.timer = undefined;
    const uris = [...this.changed];
    const listChanged = this.listChanged;
    this.changed.clear();
    this.listChanged = false;
    try {
      // A notice is an answer: it must not speak of what power loss could take back.
      await documents.store.settle();
      for (const uri of uris) await this.notices.updated(uri);
      if (listChanged) await this.notices.listChanged();
    } catch {
      // The client is gone, or the store has stopped: who asks will be told.
    }
  }
}
