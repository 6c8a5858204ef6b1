// What one process knows of mail: which messages its client was given, and the note on unread mail and offers of work
// that any answer may carry. The note is cached until a commit that concerns mail, so a call without news costs one
// comparison. Made by app/services.ts; used by tools/around/mail-note.ts and tools/message-read.ts.

import type { Documents, View } from '../../documents/documents.ts';
import type { FoldedCommit } from '../../store/fold.ts';
import { OfferIndex } from '../session/offers.ts';
import { UNREAD_COUNTED, unreadCount } from './mail.ts';
import type { Given, Looked } from './mail-box.ts';

interface Known {
  session: string;
  note: string | undefined;
  /** When the first of the counted messages expires, in ms since the epoch. */
  until: number;
}

export class MailWatch {
  private readonly documents: Documents;
  /** Asked at each look: a workspace may go on with another project. */
  private readonly place: { readonly project: string };
  private readonly now: () => number;
  private readonly got = new Map<string, Given>();
  /** What the last look found for a session: the next one looks at what came since, not at all that it has sent. */
  private looked: { session: string; found: Map<string, Looked> } | undefined;
  private readonly view: View;
  private known: Known | undefined;
  private readonly offers: OfferIndex;
  /** Offers to whoever comes that this process's client was told of: once is enough. */
  private readonly told = new Set<string>();
  private hits = 0;
  private misses = 0;

  constructor(documents: Documents, place: { readonly project: string }, now: () => number = () => Date.now()) {
    this.documents = documents;
    this.place = place;
    this.now = now;
    // A view may be kept here, because its functions read the documents at the time of the call.
    this.view = documents.peek((view) => view);
    this.offers = new OfferIndex(documents);
    documents.onChange((commits) => {
      if (this.known !== undefined && commits.some(concernsMail)) this.known = undefined;
    });
  }

  /** A copy of what this process's client was given so far, by `gotKey`. */
  gotSoFar(): Map<string, Given> {
    return new Map(this.got);
  }

  /** Records a page that was given to the client, over a connection that is still open. */
  gave(page: ReadonlyMap<string, Given>): void {
    for (const [key, given] of page) this.got.set(key, together(this.got.get(key) ?? given, given));
    this.known = undefined;
  }

  /** Hits and misses of the cached note. */
  counts(): { hits: number; misses: number; held: number } {
    return { hits: this.hits, misses: this.misses, held: this.known === undefined ? 0 : 1 };
  }

  /**
   * The note for the session that `find` returns; undefined if it has no unread mail and no offer of work. A promise
   * the first time, and if it rests on commits that are not durable yet.
   */
  note(find: (view: View) => string | undefined): string | undefined | Promise<string | undefined> {
    const session = find(this.view);
    if (session === undefined) return undefined;
    const { known } = this;
    if (known?.session === session && this.now() < known.until) {
      this.hits += 1;
      return known.note;
    }
    this.misses += 1;
    if (this.looked === undefined) {
      // The first look may read all sessions and channels, and a read gives way to other calls.
      return this.documents.read((view) => this.noteIn(view, session));
    }
    const note = this.noteIn(this.view, session);
    const flushing = note === undefined ? undefined : this.documents.store.flush();
    return flushing === undefined ? note : flushing.then(() => note);
  }

  private noteIn(view: View, session: string): string | undefined {
    const looked = this.looked?.session === session ? this.looked : { session, found: new Map<string, Looked>() };
    this.looked = looked;
    const options = { project: this.place.project, now: this.now(), got: this.got };
    const { unread, urgent, until } = unreadCount(view, { session }, options, looked.found);
    const { toIt, toAnybody } = this.offered(view, session);
    const said = [...(unread === 0 ? [] : [noteOf(unread, urgent)]), ...toIt];
    this.known = { session, note: noteFrom(said), until };
    return noteFrom([...said, ...toAnybody]);
  }

  /** The lines on offers of work: to the session by name at every call, to whoever comes once for this process. */
  private offered(view: View, session: string): { toIt: string[]; toAnybody: string[] } {
    const offers = this.offers.for(view, session);
    const fresh = offers.filter(({ named, handoff }) => !named && !this.told.has(handoff));
    for (const { handoff } of fresh) this.told.add(handoff);
    return {
      toIt: offers.filter(({ named }) => named).map(({ handoff }) => offerNote(handoff, 'you')),
      toAnybody: fresh.map(({ handoff }) => offerNote(handoff, 'whoever takes it')),
    };
  }
}

/** The line on an offer of work, by its id alone: its summary is another's text. */
function offerNote(handoff: string, to: string): string {
  return `work is offered to ${to}: session_start {handoff: "${handoff}"} takes it`;
}

function noteFrom(lines: readonly string[]): string | undefined {
  return lines.length === 0 ? undefined : lines.join('; ');
}

/** The union of what two pages gave, which may have been read at the same time. */
function together(before: Given, given: Given): Given {
  const [base, upTo] = [Math.min(before.base, given.base), Math.max(before.upTo, given.upTo)];
  const extra = [...before.extra, ...given.extra].filter((n) => n <= base || n > upTo);
  return { base, upTo, extra: new Set(extra) };
}

/** The note, in fixed words: text from a message must not appear in a line that looks like the server's own. */
function noteOf(unread: number, urgent: number): string {
  const count = unread >= UNREAD_COUNTED ? `${UNREAD_COUNTED} or more` : String(unread);
  const pressing = urgent > 0 ? `, ${urgent} urgent` : '';
  return `${count} unread message${unread === 1 ? '' : 's'}${pressing}: call message_read`;
}

/** Whether a commit may change how much mail somebody has. State writes, the most frequent commits, do not. */
function concernsMail({ commit }: FoldedCommit): boolean {
  return commit.events.some(({ stream, type }) => {
    if (stream.startsWith('session/')) return !type.startsWith('state.');
    // An agent that appears, claims a node or ends adds or removes its inbox.
    if (stream.startsWith('agent/')) return true;
    if (stream.startsWith('run/')) return type !== 'node.progressed' && type !== 'node.renewed';
    return stream.startsWith('channel/') || stream.startsWith('reader/') || stream.startsWith('project/');
  });
}
