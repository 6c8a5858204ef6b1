// The common way of a mutating tool: find the session, run the command with its request_id, hand out the answer.

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

/** The request a call stands for: its arguments without the request_id. Undefined if it carries none. */
export function requestOf(input: ChangeInput, scope?: string): Request | undefined {
  if (input.request_id === undefined) return undefined;
  const { request_id: id, ...rest } = input;
  return { id, arguments: rest as Json, scope };
}

/** `performance.now()` at the call's deadline. */
export function deadlineOf(call: Call<Services>): number {
  return performance.now() + (call.deadlineAt - Date.now());
}

/**
 * The common way of a mutating tool: the command, once for its request_id, under the call's trace and deadline.
 * `scope`: whose request it is, where that is not the author's session.
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

/** Runs a command in the call's session and resolves with what it changed. */
export async function changeInSession<A>(
  call: Call<Services>,
  tool: string,
  input: ChangeInput,
  command: (session: string) => Decide<A>,
): Promise<Result<Changed<A>>> {
  const { documents, sessions } = call.services;
  const session = await sessions.ensure(input.session);
  if (!session.ok) return session;
  // The author of a write into another session is still the connection's own.
  const own = documents.peek((view) => sessions.find(view));
  const changed = await runCommand(call, sessions.author(tool, own), input, command(session.value), session.value);
  return changed.ok ? changed : sessions.withNear(changed);
}

/**
 * As `changeInSession`, for a command that writes the session's state: what it leaves must satisfy the project's
 * schemas.
 */
export function writeState<A>(
  call: Call<Services>,
  tool: string,
  input: ChangeInput,
  command: (session: string) => Decide<A>,
): Promise<Result<Changed<A>>> {
  return changeInSession(call, tool, input, (session) => underRules(call.services, session, command(session)));
}

/**
 * The answer with the seq, and `replayed` where it was given before. `made`: what the tool makes of the command's
 * answer.
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
