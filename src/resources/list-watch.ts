// Follows what resources/list shows, once a client has asked for it: tells it when any process added to the list, also
// where it subscribed to nothing, since a client such as Claude Code offers only what it was told of. Used by serve.ts.

import type { Documents, View } from '../documents/documents.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { kindOf } from '../store/stream.ts';

/** How often the lines of other processes are looked for, in ms: an idle server costs a look at the log's size. */
const LOOK_EVERY_MS = 2_000;
/** Additions within this time give one notification, after which a client asks for the whole list again. */
const MERGE_MS = 250;

export interface ListWatchParts {
  documents: Documents;
  /** What the list shows, as one text. */
  shown(view: View): string;
  /** The kinds of streams of which a new one may add to the list. */
  kinds: ReadonlySet<string>;
  tell(): Promise<void>;
}

export class ListWatch {
  private readonly parts: ListWatchParts;
  private readonly unsubscribe: () => void;
  private readonly looking: NodeJS.Timeout;
  private telling: NodeJS.Timeout | undefined;
  private shown: string;

  constructor(parts: ListWatchParts) {
    this.parts = parts;
    const { documents } = parts;
    this.shown = documents.peek((view) => parts.shown(view));
    this.unsubscribe = documents.onChange((commits) => this.note(commits));
    // A look folds the new lines of other processes, which calls `note`.
    this.looking = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  close(): void {
    this.unsubscribe();
    clearInterval(this.looking);
    clearTimeout(this.telling);
  }

  private look(): void {
    try {
      this.parts.documents.peek(() => undefined);
    } catch {
      // The store has stopped, which the next call will report.
    }
  }

  private note(commits: readonly FoldedCommit[]): void {
    if (this.telling !== undefined) return;
    const added = commits.some(({ commit: { expect } }) =>
      Object.entries(expect).some(([stream, [seq]]) => seq === 0 && this.parts.kinds.has(kindOf(stream))),
    );
    if (added) this.telling = setTimeout(() => void this.tell(), MERGE_MS).unref();
  }

  private async tell(): Promise<void> {
    this.telling = undefined;
    const { documents, shown, tell } = this.parts;
    try {
      const now = documents.peek(shown);
      if (now === this.shown) return;
      this.shown = now;
      // A notice is an answer: it must not report a commit that a power loss could take back.
      await documents.store.flush();
      await tell();
    } catch {
      // The client is gone, or the store has stopped, which the next call will report.
    }
  }
}
