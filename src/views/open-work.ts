// What waits in a session and in its project, for whoever begins or goes on there: an agent that is told of no claims
// and no mail must not take a colleague's run for finished. Used by tools/shared/start-note.ts and session-handoff.ts.

import type { View } from '../documents/documents.ts';
import { sizeOf } from '../domain/run/tree.ts';
import { sessionStream } from '../domain/session/document.ts';
import { asksForSomething } from '../domain/team/channel.ts';
import type { RunGraph } from '../graph/definition.ts';
import { countOf } from '../graph/ready/outcome.ts';
import type { Presence } from '../store/port.ts';
import { questionCount } from './run/questions.ts';
import { claimedNodes, openRuns } from './run/runs.ts';
import { claimState, onceServed } from './session/claims.ts';
import { pendingHandoffs } from './session/sessions.ts';
import { boxesOf } from './team/addresses.ts';
import { waitingVotes } from './team/decisions.ts';
import { UNREAD_COUNTED } from './team/mail.ts';
import { OpenBox } from './team/mail-box.ts';
import { openSessions } from './team/people.ts';

/** A type, not an interface: it stands in answers as it is. */
export type OpenWork = {
  /** Runs of the project that have not ended; their nodes without a result; those whose holder is gone. */
  runs: number;
  unfinished: number;
  ownerless: number;
  offers: number;
  /** Messages that ask the session for something, and open questions of the project's runs. */
  questions: number;
  /** Open decisions that wait for its vote. */
  decisions: number;
  /** Keys of its state. */
  keys: number;
};

/** An open session of the project that holds claims, and that no process serves. */
export type LeftSession = { session: string; claims: number; last_seen?: string };

export interface OpenAsks {
  session: string;
  project: string;
  now: number;
  presence: Pick<Presence, 'lastSeen' | 'served'>;
  graph(hash: string): RunGraph | undefined;
}

const LEFT_SHOWN = 5;

export function openWork(view: View, asks: OpenAsks): { open: OpenWork; left: LeftSession[] } {
  const { session, project, now, presence } = asks;
  const lastSeen = (who: string): number | undefined => presence.lastSeen(who);
  const served = onceServed(presence);
  const runs = openRuns(view, project);
  let unfinished = 0;
  for (const run of runs) unfinished += (sizeOf(run, asks.graph) ?? 0) - countOf(run.counters, 'finished', 'skipped');
  const asked = runs.reduce((sum, run) => sum + questionCount(run), 0);
  let ownerless = 0;
  const claims = new Map<string, number>();
  for (const { node } of claimedNodes(runs)) {
    if (claimState(node, now, lastSeen, served).state === 'unverifiable') ownerless += 1;
    if (node.session !== undefined) claims.set(node.session, (claims.get(node.session) ?? 0) + 1);
  }
  const left = openSessions(view, { project, now, presence }).flatMap(({ id }): LeftSession[] => {
    const held = claims.get(id) ?? 0;
    if (held === 0 || id === session || served()?.has(id) !== false) return [];
    const seen = lastSeen(id);
    return [{ session: id, claims: held, ...(seen === undefined ? {} : { last_seen: new Date(seen).toISOString() }) }];
  });
  const open: OpenWork = {
    runs: runs.length,
    unfinished: Math.max(0, unfinished),
    ownerless,
    offers: pendingHandoffs(view, session).length,
    questions: asked + questionsFor(view, session, project, now),
    decisions: waitingVotes(view, project, session),
    keys: stateKeys(view, session).length,
  };
  return { open, left: left.slice(0, LEFT_SHOWN) };
}

/** The top keys of a session's state that hold something. */
export function stateKeys(view: View, session: string): string[] {
  const { schema: _, session: __, ...state } = view.get<Record<string, unknown>>(sessionStream(session)) ?? {};
  return Object.keys(state).filter((key) => !isEmpty(state[key]));
}

/** `execution` is there from the beginning: empty, it is nothing that somebody left. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** The counts in words, those that are not zero; `nothing yet` without any. */
export function inWords(open: OpenWork, claims: number, unread: number): string {
  const count = (n: number, one: string, many = `${one}s`): string[] =>
    n === 0 ? [] : [`${n} ${n === 1 ? one : many}`];
  const nodes = count(open.unfinished, 'unfinished node').map((text) => {
    const lost = open.ownerless === 0 ? '' : `, ${open.ownerless} whose holder is gone`;
    return `${text} in ${count(open.runs, 'run').join('')}${lost}`;
  });
  const told = [
    ...count(claims, 'claim'),
    ...nodes,
    ...count(open.offers, 'offer of work', 'offers of work'),
    ...count(open.questions, 'question to answer', 'questions to answer'),
    ...count(open.decisions, 'decision to vote on', 'decisions to vote on'),
    ...count(unread, 'unread message'),
    ...count(open.keys, 'key of state', 'keys of state'),
  ];
  return told.length === 0 ? 'nothing yet' : told.join(', ');
}

function questionsFor(view: View, session: string, project: string, now: number): number {
  let found = 0;
  for (const box of boxesOf(view, { session }, project)) {
    const one = new OpenBox(view, box, { session }, { now, got: new Map() });
    for (const [, message] of one.owed()) if (asksForSomething(message)) found += 1;
    for (; one.next !== undefined && found < UNREAD_COUNTED; one.advance())
      if (asksForSomething(one.next[1])) found += 1;
  }
  return found;
}
