// The common way of a mutating tool: find the session, run the command with its request_id, hand out the answer.

import type { Services } from '../../app/services.ts';
import type { Changed } from '../../documents/documents.ts';
import { type Request, requestStream } from '../../documents/requests.ts';
import type { Decide } from '../../domain/command.ts';
import { ok, type Result } from '../../failure/failure.ts';
import type { Json } from '../../json/json.ts';
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
  const request = requestOf(input, session.value);
  const changed = await documents.change(command(session.value), {
    // Who writes into another session is still the connection's own.
    by: sessions.author(
      tool,
      documents.peek((view) => sessions.find(view)),
    ),
    request,
    trace: call.traceparent,
    deadlineAt: deadlineOf(call),
  });
  if (!changed.ok) return sessions.withNear(changed);
  if (!changed.value.replayed || request === undefined) return changed;
  // A repeat is answered as the first call was: with the seq of the commit that it made.
  const stream = requestStream(request.scope, tool, request.id);
  return await documents.read((view) => ok({ ...changed.value, seq: view.lastSeq(stream) }));
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

/** The answer with the seq, and `replayed` where it was given before. */
export function withSeq<A extends object>(changed: Changed<A>): Result<A & { seq: number; replayed?: true }> {
  const answer = { ...changed.value, seq: changed.seq };
  return ok(changed.replayed ? { ...answer, replayed: true as const } : answer);
}
