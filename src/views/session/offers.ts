// The handoffs that nobody has accepted, kept up by what commits touch: every answer may tell of them, so the cost must
// not grow with the number of sessions. For answers only. One per process, in team/mail-watch.ts.

import type { Documents, View } from '../../documents/documents.ts';
import { AT_ONCE, doWork, type Work } from '../../documents/give-way.ts';
import type { FoldedCommit } from '../../store/fold.ts';
import { factsOf, type Offer, offersBy } from './sessions.ts';

export class OfferIndex {
  /** By giver; only those with an open offer. */
  private readonly found = new Map<string, { workspace: string; offers: (Offer & { to: string })[] }>();
  /** Streams of sessions whose offers may have changed; undefined until the index is first used. */
  private touched: Set<string> | undefined;
  private readonly documents: Documents;

  constructor(documents: Documents) {
    this.documents = documents;
  }

  /** The offers that the session may accept. `named`: only those that were made to it by name. */
  for(view: View, session: string): (Offer & { named: boolean })[] {
    this.takeUp(view);
    if (this.found.size === 0) return [];
    const workspace = factsOf(view, session)?.workspace;
    return [...this.found].flatMap(([giver, { workspace: where, offers }]) =>
      giver === session
        ? []
        : offers.flatMap(({ to, ...offer }) => {
            const named = to === session;
            return named || (to === 'new' && where === workspace) ? [{ ...offer, named }] : [];
          }),
    );
  }

  private takeUp(view: View): void {
    if (this.touched === undefined) {
      this.documents.onChange((commits) => this.note(commits));
      this.touched = new Set(view.streams('session/'));
    }
    const { touched } = this;
    if (touched.size > 0) doWork(this.takeUpAll(view, touched), touched.size > AT_ONCE, view);
  }

  private *takeUpAll(view: View, touched: Set<string>): Work {
    for (const stream of touched) {
      const giver = stream.slice('session/'.length);
      const made = offersBy(view, stream);
      if (made === undefined) this.found.delete(giver);
      else this.found.set(giver, made);
      touched.delete(stream);
      yield;
    }
  }

  private note(commits: readonly FoldedCommit[]): void {
    for (const { commit } of commits)
      for (const { stream, type } of commit.events)
        if (stream.startsWith('session/') && !type.startsWith('state.')) this.touched?.add(stream);
  }
}
