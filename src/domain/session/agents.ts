// The agents that a client's hooks report in a session: its subagents and teammates. They have a document of their own,
// so that a hook's commit stays small and never makes a writer of the session's state lose a race. Pure commands and
// rules, called by hooks/report.ts and views/team/people.ts.
//
//               started, active            idle
//   (unknown) ------------------> active <-------> idle       active: a teammate made or finished a task
//        +--------- idle ---------------------------+
//   active, idle --> ended    stopped, or all of a session at its end; after AGENT_SPAN_MS without a report
//                             every reader counts it as ended
//   ended --> active, idle    the client goes on with the same agent

import { hash } from 'node:crypto';
import { endOfLease } from '../../base/lease.ts';
import { ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { checkSchema, documentSchemas } from '../schemas.ts';
import { agentKey } from './presence-key.ts';

/** What a hook reports. `agent` is the client's own id of a subagent; a teammate has only a name. */
export type AgentEvent =
  | { kind: 'started'; agent: string; type: string }
  | { kind: 'stopped'; agent: string }
  | { kind: 'idle' | 'active'; teammate: string }
  /** The client's session ended, and its agents with it. */
  | { kind: 'over' }
  /** About no agent: the client is running. */
  | { kind: 'seen' };

/** The source of a report: a hook that the client ran, or a call that anybody on the connection can make. */
export type ReportGrade = 'hook' | 'claimed';

export interface ReportedAgent {
  /** A name like other agents': 1 to 40 of a-z, 0-9, dot, dash and underscore, unique in the session. */
  name: string;
  state: 'active' | 'idle' | 'ended';
  since: string;
  /** The time of its last report. */
  seen_at: string;
  /** The best grade among its reports. */
  grade: ReportGrade;
}

/** By `subagentKey` or `teammateKey`. */
export interface AgentsDocument {
  schema: typeof documentSchemas.agent;
  session: string;
  agents: Record<string, ReportedAgent>;
}

/** How long after its last report an agent counts as ended: a killed hook never reports the end. */
export const AGENT_SPAN_MS = 6 * 3_600_000;

/** How many ended and how many live agents are kept: the newest of each. */
const GONE_KEPT = 50;
const THERE_KEPT = 200;

/** A repeated report within this time makes no commit. */
const REPEAT_MS = 60_000;

export function agentsStream(session: string): string {
  return `agent/${session}`;
}

/** Whether an agent counts as live at `now`. `lastSeen`: its own presence, in ms since the epoch. */
export function isThere(agent: ReportedAgent, now: number, lastSeen?: number): boolean {
  const end = endOfLease(Date.parse(agent.seen_at) + AGENT_SPAN_MS, AGENT_SPAN_MS, lastSeen, now);
  return agent.state !== 'ended' && end > now;
}

export interface Report {
  session: string;
  event: AgentEvent;
  grade: ReportGrade;
}

/** Records a report; one without news changes nothing. Fails only with `store-newer`. */
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

/** The changed agents of an event: none if it is about no agent or brings no news. */
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
  // Two hooks may report the same event, and an idle teammate reports again and again: no commit for either.
  if (same && best === before.grade && Math.abs(ctx.now - Date.parse(before.seen_at)) < REPEAT_MS) return [];
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

/** Keys of the oldest agents beyond the kept numbers. */
function tooMany(agents: Agents, now: number): string[] {
  const newest = Object.entries(agents).sort(([, a], [, b]) => (a.seen_at < b.seen_at ? 1 : -1));
  const kept = { gone: 0, there: 0 };
  return newest.flatMap(([key, agent]) => {
    const there = isThere(agent, now);
    kept[there ? 'there' : 'gone'] += 1;
    return (there ? kept.there > THERE_KEPT : kept.gone > GONE_KEPT) ? [key] : [];
  });
}

/** The key of a subagent. Foreign text is hashed: a key is part of a pointer. */
function subagentKey(agent: string): string {
  return `sub.${/^[a-z0-9]{1,40}$/.test(agent) ? agent : shortHash(agent)}`;
}

function teammateKey(name: string): string {
  return `mate.${name !== '' && plain(name) === name ? name : shortHash(name)}`;
}

/**
 * The name shown for a new agent: a teammate's own name if it is a valid and free one; for a subagent its type with the
 * start of its id, such as `explore-a7cdca`.
 */
function nameFor(agents: Agents, key: string, base: string): string {
  const taken = new Set(Object.values(agents).map(({ name }) => name));
  const stem = plain(base).slice(0, 23) || 'agent';
  const id = key.slice(key.indexOf('.') + 1);
  const names = [`${stem}-${id.slice(0, 6)}`, `${stem}-${shortHash(key)}`];
  if (base !== '' && key === `mate.${base}`) names.unshift(base);
  return names.find((name) => !taken.has(name)) ?? `agent-${shortHash(key)}`;
}

/** The part of a text that may be part of a name. */
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
