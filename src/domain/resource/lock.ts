// Locks: named things with a capacity, and reservations of files by pattern. The rules by which they are granted. Pure;
// document.ts has their shapes, commands.ts edits them.
//
//   (free) ──granted: a new fence──► held ──released──► (free)
//      │                              ├──its lease ended and nobody was seen──► (free to the next)
//   waiting ──the first in line──►    └──its deadline──► (free to the next)
//      └── not seen waiting for a while ──► (out of line)
//
// A grant's fence is higher than every earlier one. A lease that a wrong clock ends early or late never makes two
// holders of one place: a grant is a commit on the one document that lists all holders.

import { hash } from 'node:crypto';
import { endOfLease } from '../../base/lease.ts';
import { fail, type Result } from '../../failure/failure.ts';
import type { Context } from '../command.ts';
import { agentKey } from '../session/presence-key.ts';
import { type Caller, callerName } from '../team/channel.ts';
import type { Holder, LockDocument, Party, Waiter } from './document.ts';
import { globsOverlap } from './glob.ts';

/** How long after a waiter was last seen it loses its place. Presence is written at most every 10 s. */
export const WAITER_MS = 15_000;

/** The name under which a party's presence is noted. */
export function partyKey({ session, agent }: Caller): string {
  return agent === undefined ? session : agentKey(session, agent);
}

/**
 * The name under which a party's waiting is noted. Not its own: a party that works elsewhere is seen but not waiting.
 */
export function waitingKey(lock: string, party: Caller): string {
  return `wait-${hash('sha256', `${lock} ${callerName(party)}`).slice(0, 20)}`;
}

/** Whether two callers are the same session and agent. */
export function isSame(a: Caller, b: Caller): boolean {
  return a.session === b.session && a.agent === b.agent;
}

/** The end of a hold: stored, or later if its holder was seen since; never after its deadline. Ms since the epoch. */
export function holdEnd(holder: Readonly<Holder>, { now, lastSeen }: Pick<Context, 'now' | 'lastSeen'>): number {
  const end = endOfLease(holder.lease_until, holder.lease_ms, lastSeen(partyKey(holder)), now);
  return Math.min(end, holder.deadline ?? Number.POSITIVE_INFINITY);
}

/** The end of a place in the queue, in ms since the epoch: stored, or later if its waiter was seen waiting since. */
export function waitEnd(
  lock: string,
  waiter: Readonly<Waiter>,
  { now, lastSeen }: Pick<Context, 'now' | 'lastSeen'>,
): number {
  const seen = lastSeen(waitingKey(lock, waiter));
  return endOfLease(waiter.until, WAITER_MS, seen, now);
}

/** A lock without the holders and waiters whose time is over. */
export interface LiveLock {
  holders: Readonly<Holder>[];
  /** In the order of service. */
  queue: Readonly<Waiter>[];
}

/** The live part of a lock at `ctx.now`, its queue by priority, then ticket. */
export function liveLock(lock: Readonly<LockDocument>, ctx: Pick<Context, 'now' | 'lastSeen'>): LiveLock {
  const holders = lock.holders.filter((holder) => holdEnd(holder, ctx) > ctx.now);
  const queue = lock.queue.filter((waiter) => waitEnd(lock.id, waiter, ctx) > ctx.now);
  queue.sort((a, b) => a.priority - b.priority || a.ticket - b.ticket);
  return { holders, queue };
}

/** The holders and earlier waiters that keep a party from its grant. Empty: it may be granted. */
export function inTheWay(
  lock: Readonly<LockDocument>,
  live: LiveLock,
  party: Readonly<Party>,
): (Readonly<Holder> | Readonly<Waiter>)[] {
  const place = live.queue.findIndex((waiter) => isSame(waiter, party) && samePaths(waiter, party));
  const later = live.queue.findIndex((waiter) => waiter.priority > party.priority);
  const ahead = live.queue.slice(0, place >= 0 ? place : later >= 0 ? later : live.queue.length);
  const others = [...live.holders, ...ahead].filter((one) => !isSame(one, party));
  if (lock.kind === 'file') return others.filter((one) => conflict(one, party));
  return others.length < lock.capacity ? [] : others;
}

/** Two parties conflict over a file unless both share it. */
function conflict(a: Readonly<Party>, b: Readonly<Party>): boolean {
  if (a.shared === true && b.shared === true) return false;
  return (a.paths ?? []).some((one) => (b.paths ?? []).some((other) => globsOverlap(one, other)));
}

/** Whether two parties mean the same files in the same way; true for locks without paths. */
export function samePaths(a: Readonly<Party>, b: Readonly<Party>): boolean {
  const key = ({ paths, shared }: Readonly<Party>) => JSON.stringify([[...(paths ?? [])].sort(), shared === true]);
  return key(a) === key(b);
}

/** The failure of a fence that no longer holds the lock. */
export function staleFence(lock: string, fence: number, doc: Readonly<LockDocument> | undefined): Result<never> {
  const why = `fence ${fence} does not hold it any more; the last one given out is ${doc?.fence ?? 0}`;
  const how = 'stop what the lock was for, and get it anew with lock_acquire';
  return fail({ code: 'not-allowed', what: `Using the lock ${JSON.stringify(lock)}`, why, how });
}
