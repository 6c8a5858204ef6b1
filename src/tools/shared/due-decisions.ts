// Closes decisions whose deadline has passed, so that the next reader of decisions or mail learns how they ended.
// Called by decision_vote, decision_open and message_read.

import type { Services } from '../../app/services.ts';
import { isOpen, statusAt } from '../../domain/session/document.ts';
import type { Caller } from '../../domain/team/channel.ts';
import { castVote } from '../../domain/team/decision-commands.ts';
import { ok, type Result } from '../../failure/failure.ts';
import { factsOf } from '../../views/session/sessions.ts';
import { dueDecisions } from '../../views/team/decisions.ts';
import type { Call } from '../define.ts';
import { changeAs, viewScopeOf } from './caller.ts';

/** Closes the due decisions of the project, each by its own commit. Answers the next deadline in ms since the epoch. */
export async function closeDue(call: Call<Services>, caller: Caller): Promise<Result<number>> {
  const { documents } = call.services;
  const { project, now } = viewScopeOf(call);
  const { due, next } = await documents.read((view) => {
    const found = dueDecisions(view, project, now);
    // A session that has ended may read but not write.
    const facts = found.due.length === 0 ? undefined : factsOf(view, caller.session);
    const ended = facts !== undefined && !isOpen(statusAt(facts, now, (who) => documents.presence.lastSeen(who)));
    return ended ? { ...found, due: [] } : found;
  });
  for (const decision of due) {
    const command = { decision, caller, names: [] };
    const closed = await changeAs(call, 'decision_vote', caller, {}, (tx, ctx) => castVote(tx, ctx, command));
    if (!closed.ok) return closed;
  }
  return ok(next);
}
