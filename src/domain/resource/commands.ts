// Acquires and releases locks: pure commands, called by tools/lock-acquire.ts and tools/lock-release.ts.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { resourceOf } from '../project/config.ts';
import { type ProjectDocument, projectStream } from '../project/document.ts';
import type { Caller } from '../team/channel.ts';
import { type Holder, type LockDocument, type LockKind, lockStream, MAX_PARTIES, type Waiter } from './document.ts';
import {
  holdEnd,
  inTheWay,
  isSame,
  type LiveLock,
  liveLock,
  samePaths,
  staleFence,
  WAITER_MS,
  waitEnd,
} from './lock.ts';

export interface AcquireInput {
  project: string;
  lock: string;
  kind: LockKind;
  caller: Caller;
  capacity?: number | undefined;
  priority: number;
  leaseMs: number;
  deadlineMs?: number | undefined;
  /** Normal patterns (see glob.ts), for kind file. */
  paths?: string[] | undefined;
  shared?: boolean | undefined;
  reason?: string | undefined;
  /** The hold to renew; refused if it has ended. */
  fence?: number | undefined;
  /** Wait in the queue if the lock is not free. */
  queue: boolean;
}

export interface Granted {
  granted: true;
  fence: number;
  lease_until: number;
  deadline?: number;
  /** The caller held it already. */
  again: boolean;
}

export interface NotGranted {
  granted: false;
  /** Position in the queue, from 1; absent if not in it. */
  position?: number;
  held_by: { who: string; fence?: number; since: number; until: number; reason?: string; paths?: string[] }[];
  /** The earliest time, in ms since the epoch, at which a holder's or waiter's time ends by itself. */
  until: number;
}

const SHOWN = 10;

/**
 * Grants the lock, renews it if the caller holds it, or answers who is in the way. Fails with `not-allowed` for a stale
 * fence or a wrong capacity, `too-large` for a full queue.
 */
export function acquire(tx: Transaction, ctx: Context, input: AcquireInput): Result<Granted | NotGranted> {
  const stream = lockStream(input.project, input.lock);
  const made = ensure(tx, ctx, stream, input);
  if (!made.ok) return made;
  const lock = made.value;
  const live = liveLock(lock, ctx);
  const wanted = partyOf(input);
  const held = live.holders.find((one) => isSame(one, input.caller) && samePaths(one, wanted));
  if (input.fence !== undefined) {
    const mine = live.holders.find((one) => one.fence === input.fence && isSame(one, input.caller));
    return mine === undefined ? staleFence(input.lock, input.fence, lock) : ok(renew(tx, ctx, stream, mine, input));
  }
  if (held !== undefined) return ok(renew(tx, ctx, stream, held, input));
  const before = inTheWay(lock, live, wanted);
  if (before.length === 0) return grant(tx, ctx, stream, live, input);
  if (input.queue && live.queue.length >= MAX_PARTIES) return tooMany(input.lock);
  const position = input.queue ? standInLine(tx, ctx, stream, lock, live, input) : undefined;
  return ok(notGranted(lock, ctx, before, position));
}

/** The lock's document, created if need be, its capacity and kind brought in line with the project's settings. */
function ensure(tx: Transaction, ctx: Context, stream: string, input: AcquireInput): Result<Readonly<LockDocument>> {
  const { lock: id, project } = input;
  const settings = tx.read<ProjectDocument>(projectStream(project))?.config;
  const resource = input.kind === 'file' ? undefined : resourceOf(settings, id);
  const { kind = input.kind, capacity = input.capacity } = resource ?? {};
  if (input.capacity !== undefined && input.capacity !== capacity) {
    const what = `Making the capacity of ${JSON.stringify(id)} ${input.capacity}`;
    const how = 'leave capacity out, or change it with project_save {config: {resources: …}}';
    return fail({ code: 'not-allowed', what, why: `the project says that it is ${capacity}`, how });
  }
  const found = tx.read<LockDocument>(stream);
  if (found === undefined) {
    const made: LockDocument = {
      schema: 1,
      id,
      project,
      kind,
      capacity: capacity ?? 1,
      fence: 0,
      ticket: 0,
      holders: [],
      queue: [],
    };
    tx.create(stream, { type: 'lock.created', data: { kind } }, made);
    return ok(made);
  }
  const same = (capacity ?? found.capacity) === found.capacity && (resource?.kind ?? found.kind) === found.kind;
  if (capacity === undefined || same) return ok(found);
  const live = liveLock(found, ctx);
  // A configured resource may shrink below its holders: they keep it until they are done, and nobody else is let in.
  if (resource === undefined && live.holders.length + live.queue.length > 0) {
    const what = `Making the capacity of ${JSON.stringify(id)} ${capacity}`;
    const why = `it is ${found.capacity}, and somebody holds it or waits for it`;
    return fail({ code: 'not-allowed', what, why, how: 'leave capacity out, or call again when it is free' });
  }
  tx.edit<LockDocument>(stream, { type: 'lock.resized' }, (draft) => {
    draft.capacity = capacity;
    if (resource?.kind !== undefined) draft.kind = resource.kind;
  });
  return ok(tx.read<LockDocument>(stream) ?? found);
}

function partyOf(input: AcquireInput): Pick<Holder, 'session' | 'priority'> & Partial<Holder> {
  const { caller, priority, paths, shared, reason } = input;
  const party: Pick<Holder, 'session' | 'priority'> & Partial<Holder> = { session: caller.session, priority };
  if (caller.agent !== undefined) party.agent = caller.agent;
  if (paths !== undefined) party.paths = paths;
  if (shared === true) party.shared = true;
  if (reason !== undefined) party.reason = reason;
  return party;
}

function grant(tx: Transaction, ctx: Context, stream: string, live: LiveLock, input: AcquireInput): Result<Granted> {
  if (live.holders.length >= MAX_PARTIES) return tooMany(input.lock);
  const fence = (tx.read<LockDocument>(stream)?.fence ?? 0) + 1;
  const lease_until = ctx.now + input.leaseMs;
  const holder: Holder = { ...partyOf(input), fence, since: ctx.now, lease_ms: input.leaseMs, lease_until };
  if (input.deadlineMs !== undefined) holder.deadline = ctx.now + input.deadlineMs;
  tx.edit<LockDocument>(stream, { type: 'lock.granted', data: { fence } }, (draft) => {
    draft.fence = fence;
    // Expired holders are removed by the next grant, which saves a commit of their own.
    draft.holders = [...keep(draft.holders, live.holders), holder];
    draft.queue = keep(draft.queue, live.queue).filter((one) => !(isSame(one, input.caller) && samePaths(one, holder)));
  });
  return ok(answer(holder, lease_until, false));
}

/** The drafts of the parties that are still live. */
function keep<T extends Holder | Waiter>(drafts: T[], live: readonly Readonly<Holder | Waiter>[]): T[] {
  const key = (one: Readonly<Holder | Waiter>) => ('fence' in one ? one.fence : one.ticket);
  const kept = new Set(live.map(key));
  return drafts.filter((one) => kept.has(key(one)));
}

function renew(tx: Transaction, ctx: Context, stream: string, held: Readonly<Holder>, input: AcquireInput): Granted {
  const lease_until = ctx.now + input.leaseMs;
  const end = holdEnd(held, ctx);
  // Presence extends the hold anyway: a commit is needed only once less than half of the lease is left.
  if (end - ctx.now >= input.leaseMs / 2 && held.lease_ms === input.leaseMs) return answer(held, end, true);
  tx.edit<LockDocument>(stream, { type: 'lock.renewed', data: { fence: held.fence } }, (draft) => {
    for (const one of draft.holders) {
      if (one.fence !== held.fence) continue;
      one.lease_ms = input.leaseMs;
      one.lease_until = lease_until;
    }
  });
  return answer(held, lease_until, true);
}

function answer(holder: Readonly<Holder>, leaseUntil: number, again: boolean): Granted {
  const { fence, deadline } = holder;
  const lease_until = Math.min(leaseUntil, deadline ?? Number.POSITIVE_INFINITY);
  return deadline === undefined
    ? { granted: true, fence, lease_until, again }
    : { granted: true, fence, lease_until, deadline, again };
}

/** The caller's position in the queue: the one it has, or a new one at the end of its priority. */
function standInLine(
  tx: Transaction,
  ctx: Context,
  stream: string,
  lock: Readonly<LockDocument>,
  live: LiveLock,
  input: AcquireInput,
): number {
  const wanted = partyOf(input);
  const mine = live.queue.findIndex((one) => isSame(one, input.caller) && samePaths(one, wanted));
  if (mine >= 0) return mine + 1;
  const ticket = lock.ticket + 1;
  const waiter: Waiter = { ...wanted, ticket, since: ctx.now, until: ctx.now + WAITER_MS };
  tx.edit<LockDocument>(stream, { type: 'lock.queued', data: { ticket } }, (draft) => {
    draft.ticket = ticket;
    draft.queue = [...keep(draft.queue, live.queue), waiter];
  });
  return 1 + live.queue.filter((one) => one.priority <= input.priority).length;
}

function notGranted(
  lock: Readonly<LockDocument>,
  ctx: Context,
  before: readonly (Readonly<Holder> | Readonly<Waiter>)[],
  position: number | undefined,
): NotGranted {
  const ends = before.map((one) => ('fence' in one ? holdEnd(one, ctx) : waitEnd(lock.id, one, ctx)));
  const held_by = before.flatMap((one, index) => {
    if (!('fence' in one)) return [];
    const { session, agent, fence, since, reason, paths } = one;
    const row: NotGranted['held_by'][number] = {
      who: agent === undefined ? session : `${session}/${agent}`,
      fence,
      since,
      until: ends[index] ?? 0,
    };
    if (reason !== undefined) row.reason = reason;
    if (paths !== undefined) row.paths = [...paths];
    return [row];
  });
  const answer: NotGranted = { granted: false, held_by: held_by.slice(0, SHOWN), until: Math.min(...ends) };
  return position === undefined ? answer : { ...answer, position };
}

function tooMany(lock: string): Result<never> {
  const what = `The number of those who hold or wait for ${JSON.stringify(lock)}`;
  return fail({ code: 'too-large', what, limit: MAX_PARTIES, instead: 'release what is not needed (lock_release)' });
}

export interface ReleaseInput {
  project: string;
  caller: Caller;
  /** Ids of locks, found by a view; the command decides by each lock's own document. */
  locks: string[];
  /** All holds and places of the caller's session, those of its agents too. */
  whole?: boolean | undefined;
  /** Only the hold with this fence. */
  fence?: number | undefined;
}

export interface ReleaseAnswer {
  released: { lock: string; fence: number }[];
  /** Places in the queue that were given up. */
  waits_ended: number;
}

/**
 * Releases the caller's holds of these locks and its places in their queues, in one commit. Fails with `not-allowed`
 * for a stale fence.
 */
export function release(tx: Transaction, _ctx: Context, input: ReleaseInput): Result<ReleaseAnswer> {
  const { project, caller, fence, whole } = input;
  const isMine = (one: Caller): boolean => (whole ? one.session === caller.session : isSame(one, caller));
  const done: ReleaseAnswer = { released: [], waits_ended: 0 };
  for (const id of input.locks) {
    const stream = lockStream(project, id);
    const lock = tx.read<LockDocument>(stream);
    const mine = (lock?.holders ?? []).filter((one) => isMine(one) && (fence === undefined || one.fence === fence));
    if (fence !== undefined && mine.length === 0) return staleFence(id, fence, lock);
    const waiting = fence === undefined ? (lock?.queue ?? []).filter(isMine) : [];
    if (mine.length + waiting.length === 0) continue;
    const fences = new Set(mine.map((one) => one.fence));
    const tickets = new Set(waiting.map((one) => one.ticket));
    tx.edit<LockDocument>(stream, { type: 'lock.released', data: { fences: [...fences] } }, (draft) => {
      draft.holders = draft.holders.filter((one) => !fences.has(one.fence));
      draft.queue = draft.queue.filter((one) => !tickets.has(one.ticket));
    });
    done.released.push(...[...fences].map((one) => ({ lock: id, fence: one })));
    done.waits_ended += tickets.size;
  }
  return ok(done);
}
