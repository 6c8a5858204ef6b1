// Brings what a hook reported to its session, in at most one commit. Used by cli/verbs/hook.ts and tools/hook-event.ts.
// A hook begins no session, and one that has ended stays ended.

import type { Documents } from '../documents/documents.ts';
import { type AgentEvent, type ReportGrade, reportAgent } from '../domain/session/agents.ts';
import { bindSession } from '../domain/session/alias.ts';
import { ok, type Result } from '../failure/failure.ts';
import type { Author } from '../store/commit.ts';

export interface HookReport {
  session: string;
  event: AgentEvent;
  grade: ReportGrade;
  by: Author;
  /** The client's new id of a conversation whose session is known by other means: it is tied to the session. */
  alias?: string | undefined;
  deadlineAt?: number | undefined;
}

/**
 * False, and nothing changed, where there is no such session or it has ended. Resolves when what changed is durable.
 */
export async function report(documents: Documents, given: HookReport): Promise<Result<boolean>> {
  const { session, event, grade, by, alias, deadlineAt } = given;
  const changed = await documents.change(
    (tx, ctx) => {
      const bound = bindSession(tx, ctx, session, alias);
      return bound.ok ? reportAgent(tx, ctx, { session, event, grade }) : bound;
    },
    { by, deadlineAt },
  );
  if (changed.ok) {
    // Only now: being seen extends a session's time, and one that has run out must not come back by it.
    documents.presence.touch(session);
    return ok(true);
  }
  const { code } = changed.failure;
  return code === 'unknown-session' || code === 'session-ended' ? ok(false) : changed;
}
