// The joined part `communication` of a session: its unread messages by kind and priority, its channels, the locks that
// it holds and waits for, its handoffs. Reading it moves no cursor; message_read does. Used by joined.ts.

import { addressName, type ChannelDocument } from '../../domain/team/channel.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import { capped } from '../capped.ts';
import { line } from '../plan/show.ts';
import { factsOf, pendingHandoffs } from '../session/sessions.ts';
import { type Source, viewScopeOf } from '../source.ts';
import { boxesOf, headOf } from '../team/addresses.ts';
import { lockRows } from '../team/locks.ts';
import { UNREAD_COUNTED } from '../team/mail.ts';
import { type Entry, OpenBox } from '../team/mail-box.ts';
import { namedChannels } from '../team/mail-search.ts';

const TEXT_CHARS = 200;
const OFFERS = 5;

/** The value of `communication` for a session of the source's project. */
export function communicationOf(source: Source, session: string): JsonObject {
  const { unread, channels } = mailOf(source, session);
  const named = capped(channels, 2_500);
  return {
    unread,
    channels: named.kept,
    ...locksOf(source, session),
    handoffs: offersOf(source, session),
    more: {
      unread: 'message_read {}',
      ...(named.left === 0 ? {} : { channels: `${named.left} more` }),
      locks: 'dashboard_get {"view": "resources"}',
      handoffs: 'session_start {"handoff": …}',
    },
  };
}

function mailOf({ view, now, project, got }: Source, session: string): { unread: JsonObject; channels: JsonObject[] } {
  let total = 0;
  let oldest: string | undefined;
  const kinds = new Map<string, number>();
  const priorities = new Map<string, number>();
  const count = ([, { kind, priority, at }]: Entry): void => {
    total += 1;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    priorities.set(String(priority), (priorities.get(String(priority)) ?? 0) + 1);
    if (oldest === undefined || at < oldest) oldest = at;
  };
  const read = boxesOf(view, { session }, project.id).map((box): JsonObject => {
    const before = total;
    const one = new OpenBox(view, box, { session }, { now, got: got() });
    for (const entry of one.owed()) count(entry);
    for (; one.next !== undefined && total < UNREAD_COUNTED; one.advance()) count(one.next);
    const head = headOf(view, box.channel);
    return { channel: nameOf(head, box.channel), unread: total - before, messages: head?.last ?? 0 };
  });
  read.sort((a, b) => Number(b.unread) - Number(a.unread));
  const unread = {
    total: total >= UNREAD_COUNTED ? `${UNREAD_COUNTED} or more` : total,
    by_kind: Object.fromEntries([...kinds].sort((a, b) => b[1] - a[1])),
    by_priority: Object.fromEntries([...priorities].sort()),
    ...(oldest === undefined ? {} : { oldest_at: oldest }),
  };
  return { unread, channels: [...read, ...othersOf({ view, project }, session)] };
}

function nameOf(head: Readonly<ChannelDocument> | undefined, channel: string): string {
  return head === undefined ? channel : line(addressName(head), TEXT_CHARS);
}

/** Named channels of the project that the session has not joined. */
function othersOf({ view, project }: Pick<Source, 'view' | 'project'>, session: string): JsonObject[] {
  const own = new Set(boxesOf(view, { session }, project.id).map(({ channel }) => channel));
  return namedChannels(view, project.id).flatMap((head): JsonObject[] => {
    if (own.has(head.id)) return [];
    return [{ channel: addressName(head), joined: false, messages: head.last }];
  });
}

function locksOf(source: Source, session: string): JsonObject {
  const rows = lockRows(source.view, viewScopeOf(source));
  const mine = (who: string): boolean => who === session || who.startsWith(`${session}/`);
  const held = rows.flatMap(({ lock, holders }) =>
    holders.flatMap(({ who, since, lease_ends, fence }) =>
      mine(who) ? [{ lock: line(lock, TEXT_CHARS), who, fence, since, lease_ends }] : [],
    ),
  );
  const waiting = rows.flatMap(({ lock, holders, waiting: queue }) =>
    queue.flatMap(({ who, since, priority }, at) =>
      mine(who)
        ? [
            {
              lock: line(lock, TEXT_CHARS),
              who,
              place: at + 1,
              priority,
              since,
              held_by: holders.slice(0, 3).map((one) => one.who),
            },
          ]
        : [],
    ),
  );
  return {
    locks: {
      held: capped(held, 2_000).kept as unknown as Json,
      waiting: capped(waiting, 2_000).kept as unknown as Json,
      of_everybody: {
        held: rows.reduce((sum, row) => sum + row.holders.length, 0),
        waiting: rows.reduce((sum, row) => sum + row.waiting.length, 0),
      },
    },
  };
}

/** The session's handoffs that nobody has accepted, and those that it may accept. */
function offersOf({ view }: Source, session: string): JsonObject {
  const made = (factsOf(view, session)?.handoffs ?? []).filter(({ state }) => state === 'offered');
  return {
    made: made.slice(-OFFERS).map(({ id, to, offered_at, summary }) => {
      return { handoff: id, to, offered_at, summary: line(summary, TEXT_CHARS) };
    }),
    for_you: pendingHandoffs(view, session)
      .slice(0, OFFERS)
      .map(({ handoff, from, summary }) => ({ handoff, from, summary: line(summary, TEXT_CHARS) })),
  };
}
