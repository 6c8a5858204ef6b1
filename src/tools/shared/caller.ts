// Determines the caller of a team tool: the connection's session, and the agent of a claim that the call passes. Never
// taken from an argument alone, so that nobody can act under another's name.

import { z } from 'zod';
import type { Services } from '../../app/services.ts';
import type { Changed } from '../../documents/documents.ts';
import type { Decide } from '../../domain/command.ts';
import { isOpen, statusAt } from '../../domain/session/document.ts';
import { agentKey } from '../../domain/session/presence-key.ts';
import type { Caller } from '../../domain/team/channel.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { factsOf } from '../../views/session/sessions.ts';
import { agentOfClaim, type ViewScope } from '../../views/team/people.ts';
import type { Call } from '../define.ts';
import { type ChangeInput, runCommand } from './change.ts';

export const claimInput = z.string().max(160).optional().describe('Your claim, if you act as the agent that holds it');

/**
 * The caller of a call. Notes the presence of its agent. With `looks`, a session that has ended is accepted: it may
 * read but not act. Fails with `session-ended`, or as `agentOfClaim`.
 */
export async function callerOf(call: Call<Services>, claim?: string, looks = false): Promise<Result<Caller>> {
  const { documents, sessions, windows } = call.services;
  const ensured = await sessions.ensure();
  if (!ensured.ok) return ensured;
  const session = ensured.value;
  const found = await documents.read((view): Result<Caller> => {
    const facts = looks ? undefined : factsOf(view, session);
    const status = facts && statusAt(facts, Date.now(), (who) => documents.presence.lastSeen(who));
    if (status !== undefined && !isOpen(status)) return fail({ code: 'session-ended', session, status });
    if (claim === undefined)
      return ok(sessions.person === undefined ? { session } : { session, person: sessions.person });
    const agent = agentOfClaim(view, session, claim);
    return agent.ok ? ok({ session, agent: agent.value }) : agent;
  });
  if (found.ok && found.value.agent !== undefined) windows.touch(session, found.value.agent);
  return found;
}

/** The name under which a caller's presence is noted and its own documents are stored. */
export function keyOf({ session, agent }: Caller): string {
  return agent === undefined ? session : agentKey(session, agent);
}

/** The scope that views of people take: project, time and presence. */
export function viewScopeOf({ services }: Call<Services>): ViewScope {
  return { project: services.workspace.project, now: Date.now(), presence: services.documents.presence };
}

/** Runs a command with the caller as its author. */
export function changeAs<A>(
  call: Call<Services>,
  tool: string,
  caller: Caller,
  input: ChangeInput,
  command: Decide<A>,
): Promise<Result<Changed<A>>> {
  const by = call.services.sessions.author(tool, caller.session, caller.agent);
  return runCommand(call, by, input, command, caller.session);
}
