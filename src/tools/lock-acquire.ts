// lock_acquire: acquires a lock, or reserves files, alone or with others up to the capacity; waits if asked to.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { type AcquireInput, acquire, type Granted, type NotGranted } from '../domain/resource/commands.ts';
import { FILE_LOCK, LOCK_KINDS } from '../domain/resource/document.ts';
import { normalGlob } from '../domain/resource/glob.ts';
import { waitingKey } from '../domain/resource/lock.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { type Call, defineTool } from './define.ts';
import { callerOf, changeAs, claimInput, viewScopeOf } from './shared/caller.ts';
import { nameInput, seqOutput, waitInput } from './shared/inputs.ts';
import { waitUntil } from './shared/wait.ts';

const input = z.strictObject({
  lock: nameInput.optional(),
  kind: z.enum(LOCK_KINDS).default('custom').describe('file: give paths instead of lock'),
  paths: z.array(z.string().min(1).max(400)).min(1).max(20).optional().describe('Patterns such as src/api/**'),
  shared: z.boolean().optional().describe('For files: others may share them too'),
  capacity: z.number().int().min(1).max(1_000).optional().describe('How many may hold it; fixed while it is used'),
  priority: z.number().int().min(1).max(5).default(3).describe('1 goes first'),
  lease_s: z.number().int().min(10).max(3_600).default(300).describe('Ends so long after you were last seen'),
  deadline_s: z.number().int().min(1).max(86_400).optional().describe('Ends then in any case'),
  fence: z.number().int().min(1).optional().describe('Renew only this hold'),
  reason: z.string().max(200).optional(),
  wait_s: waitInput.describe('How long to wait in line'),
  claim: claimInput,
});
type Input = z.output<typeof input>;

export const lockAcquire = defineTool({
  name: 'lock_acquire',
  title: 'Take a lock',
  toolset: 'team',
  optIn: true,
  description:
    'Use before touching what others must not touch at the same time: a named thing (lock) or files (kind file, ' +
    'paths). Asked again, it renews what you hold. The fence grows with every grant: whoever guards the thing can ' +
    'refuse an older one. ' +
    'Answers {lock, granted: true, fence, lease_ends, deadline?} or {lock, granted: false, held_by: [{who, since, ' +
    'until, reason?, paths?}], position?}; wait_s waits in line, and keeps the place for a few seconds more.',
  searchHint: 'lock mutex semaphore reserve file exclusive wait queue fence',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'paths', maxSeconds: 60 },
  positional: ['lock'],
  input,
  output: z.object({
    lock: z.string(),
    granted: z.boolean(),
    fence: z.number().int().optional(),
    lease_ends: z.string().optional(),
    deadline: z.string().optional(),
    held_by: z
      .array(
        z.object({
          who: z.string(),
          fence: z.number().optional(),
          since: z.string(),
          until: z.string(),
          reason: z.string().optional(),
          paths: z.array(z.string()).optional(),
        }),
      )
      .optional(),
    position: z.number().int().optional().describe('Place in line'),
    seq: seqOutput,
  }),
  async run(given, call: Call<Services>) {
    const wanted = wantedOf(given);
    if (!wanted.ok) return wanted;
    const caller = await callerOf(call, given.claim);
    if (!caller.ok) return caller;
    const { documents } = call.services;
    const { project } = viewScopeOf(call);
    const command: AcquireInput = { ...wanted.value, project, caller: caller.value, queue: given.wait_s > 0 };
    const last = await waitUntil(call, given.wait_s, async () => {
      if (command.queue) documents.presence.touch(waitingKey(command.lock, caller.value));
      const tried = await changeAs<Granted | NotGranted>(call, 'lock_acquire', caller.value, {}, (tx, ctx) =>
        acquire(tx, ctx, command),
      );
      if (!tried.ok) return tried;
      const { value } = tried.value;
      if (value.granted) return ok({ done: tried.value });
      return ok({ sofar: tried.value, lookAt: Math.min(Date.now() + LOOK_EVERY_MS, value.until) });
    });
    return last.ok ? ok(answerOf(command.lock, last.value.value, last.value.seq)) : last;
  },
});

/** How often a waiter tries again, which also shows that it is alive; less than WAITER_MS of resource/lock.ts. */
const LOOK_EVERY_MS = 4_000;

type Wanted = Omit<AcquireInput, 'project' | 'caller' | 'queue'>;

function wantedOf(given: Input): Result<Wanted> {
  const refuse = (at: string, why: string) => fail({ code: 'invalid-input', issues: [{ at, why }] });
  const { lock, kind, capacity, priority, shared, reason, fence, lease_s: lease, deadline_s: deadline } = given;
  const common = {
    kind,
    priority,
    leaseMs: lease * 1_000,
    deadlineMs: deadline === undefined ? undefined : deadline * 1_000,
    reason,
    fence,
  };
  if (kind !== 'file') {
    if (lock === undefined) return refuse('lock', 'required, or kind "file" with paths');
    if (lock === FILE_LOCK) return refuse('lock', 'is the name of file reservations: give kind "file" and paths');
    if (given.paths !== undefined || shared !== undefined) return refuse('paths', 'only with kind "file"');
    return ok({ ...common, lock, capacity });
  }
  if (capacity !== undefined) return refuse('capacity', 'files have none: use shared');
  if (lock !== undefined && lock !== FILE_LOCK) return refuse('lock', 'files are named by paths');
  const paths: string[] = [];
  for (const [index, path] of (given.paths ?? []).entries()) {
    const normal = normalGlob(path, `paths/${index}`);
    if (!normal.ok) return normal;
    paths.push(normal.value);
  }
  if (paths.length === 0 && fence === undefined) return refuse('paths', 'required with kind "file"');
  return ok({ ...common, lock: FILE_LOCK, paths, shared });
}

function answerOf(lock: string, value: Granted | NotGranted, seq: number) {
  const time = (ms: number): string => new Date(ms).toISOString();
  if (value.granted) {
    const { fence, lease_until, deadline } = value;
    const answer = { lock, granted: true, fence, lease_ends: time(lease_until), seq };
    return deadline === undefined ? answer : { ...answer, deadline: time(deadline) };
  }
  const held_by = value.held_by.map(({ since, until, ...rest }) => ({
    ...rest,
    since: time(since),
    until: time(until),
  }));
  const answer = { lock, granted: false, held_by, seq };
  return value.position === undefined ? answer : { ...answer, position: value.position };
}
