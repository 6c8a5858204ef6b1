// One process's knowledge of mail: what its client has got, and whether there is any, for the one line that every
// answer may carry. Kept up by commits as they are folded: a call without news costs one comparison.

import type { Documents, View } from '../../documents/documents.ts';
import type { FoldedCommit } from '../../store/fold.ts';
import { UNREAD_COUNTED, unreadCount } from './mail.ts';
import type { Given } from './mail-box.ts';

interface Known {
  session: string;
  note: string | undefined;
  /** A message among those counted lapses then. */
  until: number;
}

export class MailWatch {
  private readonly documents: Documents;
  private readonly project: string;
  private readonly now: () => number;
  private readonly got = new Map<string, Given>();
  private readonly view: View;
  private known: Known | undefined;
  private hits = 0;
  private misses = 0;

  constructor(documents: Documents, project: string, now: () => number = () => Date.now()) {
    this.documents = documents;
    this.project = project;
    this.now = now;
    // Kept: its functions show the documents as they are when they are called.
    this.view = documents.peek((view) => view);
    documents.onChange((commits) => {
      if (this.known !== undefined && commits.some(concernsMail)) this.known = undefined;
    });
  }

  /** What this process's client has got so far, as it is now: a copy. */
  gotSoFar(): Map<string, Given> {
    return new Map(this.got);
  }

  /** The client was given a page, and its connection is still there. */
  gave(page: ReadonlyMap<string, Given>): void {
    for (const [key, given] of page) this.got.set(key, together(this.got.get(key) ?? given, given));
    this.known = undefined;
  }

  /** How often it was known whether there is mail. */
  counts(): { hits: number; misses: number; held: number } {
    return { hits: this.hits, misses: this.misses, held: this.known === undefined ? 0 : 1 };
  }

  /** The line for a session with unread mail; a promise only if there is news that is not durable yet. */
  note(find: (view: View) => string | undefined): string | undefined | Promise<string | undefined> {
    const session = find(this.view);
    if (session === undefined) return undefined;
    const { known } = this;
    if (known?.session === session && this.now() < known.until) {
      this.hits += 1;
      return known.note;
    }
    this.misses += 1;
    const { unread, urgent, until } = unreadCount(
      this.view,
      { session },
      { project: this.project, now: this.now(), got: this.got },
    );
    const note = unread === 0 ? undefined : noteOf(unread, urgent);
    this.known = { session, note, until };
    const flushing = note === undefined ? undefined : this.documents.store.flush();
    return flushing === undefined ? note : flushing.then(() => note);
  }
}

/** Two pages may have been read at once: what either of them gave. */
function together(before: Given, given: Given): Given {
  const [base, upTo] = [Math.min(before.base, given.base), Math.max(before.upTo, given.upTo)];
  const extra = [...before.extra, ...given.extra].filter((n) => n <= base || n > upTo);
  return { base, upTo, extra: new Set(extra) };
}

/** Fixed words: nothing that anybody sent stands in a line that looks like the server's own. */
function noteOf(unread: number, urgent: number): string {
  const count = unread >= UNREAD_COUNTED ? `${UNREAD_COUNTED} or more` : String(unread);
  const pressing = urgent > 0 ? `, ${urgent} urgent` : '';
  return `${count} unread message${unread === 1 ? '' : 's'}${pressing}: call message_read`;
}

/** True for a commit that may change who has how much mail. State writes, the most frequent, do not. */
function concernsMail({ commit }: FoldedCommit): boolean {
  return commit.events.some(({ stream, type }) => {
    if (stream.startsWith('session/')) return !type.startsWith('state.');
    // An agent that comes, takes a claim or ends brings its inbox, or takes it along.
    if (stream.startsWith('pool/') || stream.startsWith('agent/')) return true;
    return stream.startsWith('channel/') || stream.startsWith('reader/') || stream.startsWith('project/');
  });
}
