// The sprint that a session works on: the session names its sprint, the sprint lists its sessions, and both change in
// one commit. Called for sprint_save {join}, session_start and session_update {sprint}, a handoff, and the end of a
// session. Pure.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { type SessionDocument, sessionStream } from '../session/document.ts';
import { findItem } from './find.ts';
import { findPlanned, showId, sprintStream } from './ids.ts';
import { MAX_SESSIONS, type SprintDocument, takesTasks } from './sprint.ts';

/** Moves the session from its sprint to this one. True if that changed anything. Contract: the session is open. */
export function joinSprint(tx: Transaction, session: string, named: string, project: string): Result<boolean> {
  const found = findItem(tx, 'sprint', named, project);
  if (!found.ok) return found;
  const { id, status, archived, sessions } = found.value;
  if (!takesTasks(found.value)) {
    const why = `it is ${archived ? 'archived' : status}`;
    const how = 'join one that is planned or active: plan_list {kind: "sprint", status: "open"}';
    return fail({ code: 'not-allowed', what: `Joining ${showId(id)}`, why, how });
  }
  const listed = sessions.includes(session);
  if (!listed && sessions.length >= MAX_SESSIONS) {
    const what = `the sprint ${showId(id)}, in sessions`;
    return fail({ code: 'too-large', what, limit: MAX_SESSIONS, instead: 'make another sprint with sprint_save' });
  }
  const moves = sprintOf(tx, session) !== id;
  if (moves) {
    leaveSprint(tx, session);
    edit(tx, session, id);
  }
  if (listed) return ok(moves);
  tx.patch(sprintStream(id), { type: 'sprint.joined', data: { session } }, [
    { op: 'add', path: '/sessions/-', value: session },
  ]);
  return ok(true);
}

/** Takes the session off the list of its sprint. A sprint that has ended keeps its list of sessions. */
export function leaveSprint(tx: Transaction, session: string): void {
  const id = sprintOf(tx, session);
  const sprint = id === undefined ? undefined : tx.read<SprintDocument>(sprintStream(id));
  const at = sprint?.sessions.indexOf(session) ?? -1;
  if (id === undefined || sprint === undefined || at < 0 || !takesTasks(sprint)) return;
  tx.patch(sprintStream(id), { type: 'sprint.left', data: { session } }, [{ op: 'remove', path: `/sessions/${at}` }]);
}

/** Takes the session off its sprint for good. True if it worked on one. */
export function quitSprint(tx: Transaction, session: string): boolean {
  if (tx.read<SessionDocument>(sessionStream(session))?.session.sprint === undefined) return false;
  leaveSprint(tx, session);
  edit(tx, session, undefined);
  return true;
}

/** Puts the receiver of a handoff into the giver's sprint, if the receiver is in none and the sprint is open. */
export function takePlace(tx: Transaction, giver: string, receiver: string, project: string): void {
  const id = sprintOf(tx, giver);
  leaveSprint(tx, giver);
  // joinSprint fails before it edits anything, so a sprint that cannot be joined leaves no trace.
  if (id !== undefined && sprintOf(tx, receiver) === undefined) joinSprint(tx, receiver, id, project);
}

/** The stored id of the session's sprint. The session itself has it as shown. */
function sprintOf(tx: Transaction, session: string): string | undefined {
  const { sprint, project } = tx.read<SessionDocument>(sessionStream(session))?.session ?? {};
  if (sprint === undefined || project === undefined) return undefined;
  return findPlanned((id) => tx.read<SprintDocument>(sprintStream(id)), 'sprint', sprint, project)?.id;
}

function edit(tx: Transaction, session: string, sprint: string | undefined): void {
  tx.edit<SessionDocument>(sessionStream(session), { type: 'session.updated' }, (draft) => {
    if (sprint === undefined) delete draft.session.sprint;
    else draft.session.sprint = showId(sprint);
  });
}
