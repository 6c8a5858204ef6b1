// What a session holds beside its state, and how it lets go of it when it ends: its claims and its locks. One rule for
// session_update and for the giver of a handoff. Used by session-binding.ts and tools/session-update.ts.

import type { View } from '../documents/documents.ts';
import type { Context, Transaction } from '../domain/command.ts';
import { release } from '../domain/resource/commands.ts';
import { type ReleasedClaim, releaseClaims } from '../domain/run/release.ts';
import { runsWithClaims } from '../views/session/claims.ts';
import { factsOf } from '../views/session/sessions.ts';
import { locksOfSession } from '../views/team/locks.ts';

/** Ids found by a view; the command looks at each document itself. */
export interface Holdings {
  session: string;
  project: string;
  runs: readonly string[];
  locks: readonly string[];
}

/** A type, not an interface: it stands in answers as it is. */
export type Released = { claims: ReleasedClaim[]; locks: string[] };

export function holdingsOf(view: View, session: string): Holdings {
  const project = factsOf(view, session)?.project ?? '';
  const locks = project === '' ? [] : locksOfSession(view, project, session);
  return { session, project, runs: runsWithClaims(view, session), locks };
}

/** Gives back what the session and its agents hold. `claims` false: the claims are not touched, because they move. */
export function letGo(tx: Transaction, ctx: Context, holdings: Holdings, claims = true): Released {
  const { session, project, locks } = holdings;
  const released = release(tx, ctx, { project, caller: { session }, whole: true, locks: [...locks] });
  return {
    claims: claims ? releaseClaims(tx, ctx, holdings) : [],
    locks: released.ok ? [...new Set(released.value.released.map(({ lock }) => lock))] : [],
  };
}
