// lock_release: releases one lock, or all that the caller holds.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { type ReleaseAnswer, release } from '../domain/resource/commands.ts';
import { NAME_PATTERN } from '../domain/team/channel.ts';
import { notFound } from '../domain/team/not-found.ts';
import { fail } from '../failure/failure.ts';
import { lockNames, locksOf } from '../views/team/locks.ts';
import { type Call, defineTool } from './define.ts';
import { callerOf, changeAs, claimInput, viewScopeOf } from './shared/caller.ts';
import { withSeq } from './shared/change.ts';
import { requestInput, seqOutput } from './shared/inputs.ts';

export const lockRelease = defineTool({
  name: 'lock_release',
  title: 'Give a lock back',
  toolset: 'team',
  optIn: true,
  description:
    'Use when you are done with what you locked: one lock ("file" for reservations of files), only the hold of a ' +
    'fence, or with all everything you hold and wait for. A fence that was passed on is refused. ' +
    'Answers {released: [{lock, fence}], waits_ended, seq}.',
  searchHint: 'unlock release free lock reservation file',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'lock' },
  positional: ['lock'],
  input: z.strictObject({
    lock: z.string().regex(NAME_PATTERN, 'expected the name of a lock').optional(),
    fence: z.number().int().min(1).optional(),
    all: z.boolean().optional(),
    claim: claimInput,
    request_id: requestInput,
  }),
  output: z.object({
    released: z.array(z.object({ lock: z.string(), fence: z.number().int() })),
    waits_ended: z.number().int().describe('Places in line given up'),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { lock, fence, all } = input;
    if ((lock === undefined) !== (all === true) || (fence !== undefined && lock === undefined)) {
      const why = 'give lock (and fence, if you hold several of it), or all';
      return fail({ code: 'invalid-input', issues: [{ at: 'lock', why }] });
    }
    const caller = await callerOf(call, input.claim);
    if (!caller.ok) return caller;
    const { project } = viewScopeOf(call);
    const { locks, known } = await call.services.documents.read((view) => ({
      locks: lock === undefined ? locksOf(view, project, caller.value) : [lock],
      known: lockNames(view, project),
    }));
    // A name that nobody ever locked is mistyped: a success here would leave the intended lock held.
    if (lock !== undefined && !known.includes(lock))
      return notFound('lock', lock, known, 'dashboard_get {view: "resources"} to see who holds what');
    const command = { project, caller: caller.value, locks, fence };
    const released = await changeAs<ReleaseAnswer>(call, 'lock_release', caller.value, input, (tx, ctx) =>
      release(tx, ctx, command),
    );
    return released.ok ? withSeq(released.value) : released;
  },
});
