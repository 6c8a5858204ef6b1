// The common steps of mutating tools: find the session, run the command under its request_id, make the answer.

import type { Services } from '../../app/services.ts';
import type { Changed } from '../../documents/documents.ts';
import type { Request } from '../../documents/requests.ts';
import type { Decide } from '../../domain/command.ts';
import { ok, type Result } from '../../failure/failure.ts';
import type { Json } from '../../json/json.ts';
import type { Author } from '../../store/commit.ts';
import type { Call } from '../define.ts';
import { underRules } from './state-rules.ts';

export interface ChangeInput {
  session?: string | undefined;
  request_id?: string | undefined;
}

/** The request of a call: its arguments without the request_id; undefined without one. */
export function requestOf(input: ChangeInput, scope?: string): Request | undefined {
  if (input.request_id === undefined) return undefined;
  const { request_id: id, ...rest } = input;
  return { id, arguments: rest as Json, scope };
}

/** The call's deadline on the clock of `performance.now()`. */
export function deadlineOf(call: Call<Services>): number {
  return performance.now() + (call.deadlineAt - Date.now());
}

/**
 * Runs a command, once for its request_id, with the call's trace and deadline. `scope`: the owner of the request_id, if
 * it is not the author's session.
 */
export function runCommand<A>(
  call: Call<Services>,
  by: Author,
  input: ChangeInput,
  command: Decide<A>,
  scope?: string,
): Promise<Result<Changed<A>>> {
  const request = requestOf(input, scope);
  return call.services.documents.change(command, {
    by,
    request,
    trace: call.traceparent,
    deadlineAt: deadlineOf(call),
  });
}

/** Runs a command in the session of the call, and adds like session ids to a failure. */
export async function changeInSession<A>(
  call: Call<Services>,
  tool: string,
  input: ChangeInput,
  command: (session: string) => Decide<A>,
): Promise<Result<Changed<A>>> {
  const { documents, sessions } = call.services;
  const session = await sessions.ensure(input.session);
  if (!session.ok) return session;
  // The author of a write into another session is the connection's own session.
  const own = documents.peek((view) => sessions.find(view));
  const changed = await runCommand(call, sessions.author(tool, own), input, command(session.value), session.value);
  return changed.ok ? changed : sessions.withNear(changed);
}

/**
 * As `changeInSession`, for a command that writes the session's state: the result must satisfy the project's schemas.
 */
export function writeState<A>(
  call: Call<Services>,
  tool: string,
  input: ChangeInput,
  command: (session: string) => Decide<A>,
): Promise<Result<Changed<A>>> {
  return changeInSession(call, tool, input, (session) =>
    underRules(call.services, session, { tool, input }, command(session)),
  );
}

/**
 * The answer with its seq, and `replayed` if it is a stored one. `made`: the tool's answer, if it is not the command's.
 */
export function withSeq<A extends object>(changed: Changed<A>): Result<A & { seq: number; replayed?: true }>;
export function withSeq<B extends object>(
  changed: Changed<unknown>,
  made: B,
): Result<B & { seq: number; replayed?: true }>;
export function withSeq(changed: Changed<unknown>, made = changed.value as object): Result<object> {
  const answer = { ...made, seq: changed.seq };
  return ok(changed.replayed ? { ...answer, replayed: true as const } : answer);
}
