// The agents that a client's hooks report in a session: its subagents and teammates. A document of its own beside the
// session's: a hook then costs what a small document costs, and no writer of the session's state loses a race to it.
// Pure commands and rules, called by hooks/report.ts and views/team/people.ts.
//
//               started, active            idle
//   (unknown) ──────────────────► active ◄───────► idle       active: a teammate made or finished a task
//        └───────── idle ───────────────────────────┘
//   active, idle ──► ended    stopped, or all of a session at its end; after AGENT_SPAN_MS without a report
//                             every reader counts it as ended
//   ended ──► active, idle    the client goes on with the same agent

import { hash } from 'node:crypto';
import { endOfLease } from '../../base/lease.ts';
import { ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { checkSchema, documentSchemas } from '../schemas.ts';
import { agentKey } from './presence-key.ts';

/** What a hook may have to say of agents. `agent` is the client's own id of a subagent; a teammate has only a name. */
export type AgentEvent =
  | { kind: 'started'; agent: string; type: string }
  | { kind: 'stopped'; agent: string }
  | { kind: 'idle' | 'active'; teammate: string }
  /** The client's session ended, and its agents with it. */
  | { kind: 'over' }
  /** Of no agent: the client is there. */
  | { kind: 'seen' };

/** Who says so: a hook that the client itself ran, or a call that anybody on the connection could have made. */
export type ReportGrade = 'hook' | 'claimed';

export interface ReportedAgent {
  /** As other agents' names are: 1 to 40 of a-z, 0-9, dot, dash and underscore. Unique among those of the session. */
  name: string;
  state: 'active' | 'idle' | 'ended';
  since: string;
  /** The last report of it. */
  seen_at: string;
  /** The better one of the reports that it is there. */
  grade: ReportGrade;
}

/** By `subagentKey` or `teammateKey`. */
export interface AgentsDocument {
  schema: typeof documentSchemas.agent;
  session: string;
  agents: Record<string, ReportedAgent>;
}

/** So long after the last word of it an agent whose end was never reported counts as gone: hooks can be killed too. */
export const AGENT_SPAN_MS = 6 * 3_600_000;

/** So many of those that are gone, and of those that are there, are kept: the newest. */
const GONE_KEPT = 50;
const THERE_KEPT = 200;

/** What is said again so soon is no commit. */
const REPEAT_MS = 60_000;

export function agentsStream(session: string): string {
  return `agent/${session}`;
}

/**
 * True while an agent is there as far as anybody knows at `now`. `lastSeen`: its own presence, in ms since the epoch.
 */
export function isThere(agent: ReportedAgent, now: number, lastSeen?: number): boolean {
  const end = endOfLease(Date.parse(agent.seen_at) + AGENT_SPAN_MS, AGENT_SPAN_MS, lastSeen);
  return agent.state !== 'ended' && end > now;
}

export interface Report {
  session: string;
  event: AgentEvent;
  grade: ReportGrade;
}

/** Notes what a hook reported. Fails with `store-newer` only; what is no news changes nothing. */
export function reportAgent(tx: Transaction, ctx: Context, { session, event, grade }: Report): Result<undefined> {
  const stream = agentsStream(session);
  const doc = tx.read<AgentsDocument>(stream);
  const known = doc === undefined ? ok(doc) : checkSchema(stream, doc, `The agents of ${session}`);
  if (!known.ok) return known;
  const agents = doc?.agents ?? {};
  const news = event.kind === 'over' ? partings(agents, ctx) : newsOf(agents, ctx, { session, event, grade });
  const [first] = news;
  if (first === undefined) return ok(undefined);
  const type =
    first.agent.state === 'ended' ? 'agent.ended' : first.agent.state === 'idle' ? 'agent.idled' : 'agent.started';
  const head = { type, data: { agents: news.slice(0, 10).map(({ agent }) => agent.name) } };
  const after = { ...agents, ...Object.fromEntries(news.map(({ key, agent }) => [key, agent])) };
  if (doc === undefined) {
    tx.create(stream, head, { schema: documentSchemas.agent, session, agents: after });
    return ok(undefined);
  }
  tx.patch(stream, head, [
    ...news.map(({ key, agent }) => ({ op: 'add' as const, path: `/agents/${key}`, value: { ...agent } })),
    ...tooMany(after, ctx.now).map((key) => ({ op: 'remove' as const, path: `/agents/${key}` })),
  ]);
  return ok(undefined);
}

type Agents = Readonly<Record<string, ReportedAgent>>;

interface News {
  key: string;
  agent: ReportedAgent;
}

/** What becomes of the agent that an event is about; nothing if the event is of none, or no news. */
function newsOf(agents: Agents, ctx: Context, { session, event, grade }: Report): News[] {
  switch (event.kind) {
    case 'started':
      return arrival(agents, ctx, { session, key: subagentKey(event.agent), base: event.type, state: 'active', grade });
    case 'active':
    case 'idle':
      return arrival(agents, ctx, {
        session,
        key: teammateKey(event.teammate),
        base: event.teammate,
        state: event.kind,
        grade,
      });
    case 'stopped':
      return parting(agents, ctx, subagentKey(event.agent));
    default:
      return [];
  }
}

interface Arrival {
  session: string;
  key: string;
  base: string;
  state: 'active' | 'idle';
  grade: ReportGrade;
}

function arrival(agents: Agents, ctx: Context, { session, key, base, state, grade }: Arrival): News[] {
  const before = agents[key];
  const name = before?.name ?? nameFor(agents, key, base);
  const at = new Date(ctx.now).toISOString();
  if (before === undefined || !isThere(before, ctx.now, ctx.lastSeen(agentKey(session, name))))
    return [{ key, agent: { name, state, since: at, seen_at: at, grade } }];
  const best = before.grade === 'hook' ? 'hook' : grade;
  const same = before.state === state;
  // Both kinds of hooks may be set up and report the same; a teammate that idles says again and again that it is there.
  if (same && best === before.grade && ctx.now - Date.parse(before.seen_at) < REPEAT_MS) return [];
  return [{ key, agent: { name, state, since: same ? before.since : at, seen_at: at, grade: best } }];
}

function parting(agents: Agents, ctx: Context, key: string): News[] {
  const before = agents[key];
  if (before === undefined || before.state === 'ended') return [];
  const at = new Date(ctx.now).toISOString();
  return [{ key, agent: { ...before, state: 'ended', since: at, seen_at: at } }];
}

function partings(agents: Agents, ctx: Context): News[] {
  return Object.keys(agents).flatMap((key) => parting(agents, ctx, key));
}

/** The oldest, beyond what is kept. */
function tooMany(agents: Agents, now: number): string[] {
  const newest = Object.entries(agents).sort(([, a], [, b]) => (a.seen_at < b.seen_at ? 1 : -1));
  const kept = { gone: 0, there: 0 };
  return newest.flatMap(([key, agent]) => {
    const there = isThere(agent, now);
    kept[there ? 'there' : 'gone'] += 1;
    return (there ? kept.there > THERE_KEPT : kept.gone > GONE_KEPT) ? [key] : [];
  });
}

/** Never the text from outside as it is: a key is part of a pointer. */
function subagentKey(agent: string): string {
  return `sub.${/^[a-z0-9]{1,40}$/.test(agent) ? agent : shortHash(agent)}`;
}

function teammateKey(name: string): string {
  return `mate.${name !== '' && plain(name) === name ? name : shortHash(name)}`;
}

/**
 * A teammate's own name where that can be one; of a subagent, its type with as much of its id as tells it from the
 * others of the session, such as `explore-a7cdca`.
 */
function nameFor(agents: Agents, key: string, base: string): string {
  const taken = new Set(Object.values(agents).map(({ name }) => name));
  const stem = plain(base).slice(0, 23) || 'agent';
  const id = key.slice(key.indexOf('.') + 1);
  const names = [`${stem}-${id.slice(0, 6)}`, `${stem}-${shortHash(key)}`];
  if (base !== '' && key === `mate.${base}`) names.unshift(base);
  return names.find((name) => !taken.has(name)) ?? `agent-${shortHash(key)}`;
}

/** What of a text can be part of a name. */
function plain(text: string): string {
  const words = text
    .slice(0, 200)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-');
  return words.replace(/^[^a-z0-9]+/, '').slice(0, 40);
}

function shortHash(text: string): string {
  return hash('sha256', text).slice(0, 16);
}
