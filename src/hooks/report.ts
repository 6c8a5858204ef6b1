// Records a hook's event in its session, in at most one commit. Used by cli/verbs/hook.ts and tools/hook-event.ts. A
// hook neither begins a session nor reopens an ended one.

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
  /** The client's new id for this session's conversation. The same commit makes it an alias of the session. */
  alias?: string | undefined;
  deadlineAt?: number | undefined;
}

/** Resolves once the change is durable; to false, without a change, if the session is unknown or has ended. */
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
    // Touched only after the commit: presence extends a session's expiry, and must not revive an expired session.
    documents.presence.touch(session);
    return ok(true);
  }
  const { code } = changed.failure;
  return code === 'unknown-session' || code === 'session-ended' ? ok(false) : changed;
}
