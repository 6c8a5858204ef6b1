// state_restore: restores a path, or the whole state, to an earlier value by a new commit; nothing is erased.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { eventsOf, noSuchPast, seqOf, valueAt } from '../documents/past.ts';
import type { Decide } from '../domain/command.ts';
import { openSession, sessionStream } from '../domain/session/document.ts';
import { reasonData, restoreOps } from '../domain/state/commands.ts';
import { ok, type Result } from '../failure/failure.ts';
import { isObject, type JsonObject } from '../json/json.ts';
import { parsePath, type SimplePath } from '../path/path.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq, writeState } from './shared/change.ts';
import { pathInput, pointInput, reasonInput, requestInput, seqOutput, sessionInput } from './shared/inputs.ts';
import { onePlace } from './shared/one-place.ts';
import { type ShownOp, shownOps } from './shared/shown.ts';
import { underRules } from './shared/state-rules.ts';

const PATCH_SHOWN = 50;

interface RestoreAnswer {
  path: string;
  to: number;
  changed_count: number;
  patch: ShownOp[];
  cut?: string;
}

export const stateRestore = defineTool({
  name: 'state_restore',
  title: 'Restore the state',
  toolset: 'state',
  description:
    'Use to undo: brings a path, or without one the whole state of the session, back to what it was at a seq or ' +
    'time (see state_history). ' +
    'A new change, so it can be undone too; dry_run only shows it. Answers {path, to, changed_count, patch (first ' +
    '50 operations), seq}.',
  searchHint: 'undo rollback revert earlier state',
  annotations: { readOnly: false, destructive: true, idempotent: true },
  answers: { narrow: 'path' },
  positional: ['path', 'to'],
  input: z.strictObject({
    path: pathInput.default('$'),
    to: pointInput.describe('A seq or ISO time'),
    dry_run: z.boolean().optional().describe('Change nothing; answer the patch'),
    reason: reasonInput,
    session: sessionInput,
    request_id: requestInput,
  }),
  output: z.object({
    path: z.string(),
    to: z.number().int(),
    changed_count: z.number().int(),
    patch: z.array(z.looseObject({ op: z.string(), path: z.string() })),
    seq: seqOutput,
    cut: z.string().optional(),
  }),
  async run(given, call: Call<Services>) {
    const parsed = parsePath(given.path);
    if (!parsed.ok) return parsed;
    const { documents, sessions } = call.services;
    const session = await sessions.ensure(given.session);
    if (!session.ok) return session;
    const one = await onePlace(call.services, session.value, parsed.value, 'restore takes one place, as $.tasks[0]');
    if (!one.ok) return one;
    const path = one.value;
    const seq = await seqOf(documents.store, given.to, { signal: call.signal, argument: 'to' });
    if (!seq.ok) return seq;
    const events = await eventsOf(documents.store, sessionStream(session.value), call.signal);
    const then = valueAt(events, seq.value);
    if (!isObject(then)) return noSuchPast(documents.store, events, String(given.to));
    const command = (id: string) => restore(id, path, { then, seq: seq.value, reason: given.reason });
    if (given.dry_run !== true) {
      const changed = await writeState(call, 'state_restore', given, command);
      return changed.ok ? withSeq(changed.value) : changed;
    }
    const guarded = underRules(
      call.services,
      session.value,
      { tool: 'state_restore', input: given },
      command(session.value),
    );
    const tried = await documents.dryRun(guarded, sessions.author('state_restore', session.value));
    return tried.ok ? ok({ ...tried.value.value, seq: tried.value.seq }) : sessions.withNear<never>(tried);
  },
});

function restore(
  session: string,
  path: SimplePath,
  { then, seq, reason }: { then: JsonObject; seq: number; reason: string | undefined },
): Decide<RestoreAnswer> {
  return (tx, ctx): Result<RestoreAnswer> => {
    const opened = openSession(tx, session, ctx);
    if (!opened.ok) return opened;
    const ops = restoreOps(opened.value as unknown as JsonObject, then, path);
    if (!ops.ok) return ops;
    const patch = shownOps(ops.value, PATCH_SHOWN);
    const answer = {
      path: path.text,
      to: seq,
      changed_count: ops.value.length,
      patch: patch.shown,
      ...(patch.cut === undefined ? {} : { cut: patch.cut }),
    };
    tx.patch(sessionStream(session), { type: 'state.restored', data: { to: seq, ...reasonData(reason) } }, ops.value);
    return ok(answer);
  };
}
