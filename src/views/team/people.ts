// The open sessions of a project and the live agents in them. Computed from documents and presence, for answers and as
// hints; commands check documents themselves. Used by team views, dashboards, prompts and tools.

import type { View } from '../../documents/documents.ts';
import { projectStream } from '../../domain/project/document.ts';
import { parseClaim, type RunDocument, runStream } from '../../domain/run/document.ts';
import { liveNodes } from '../../domain/run/live.ts';
import {
  type AgentsDocument,
  agentsStream,
  isThere,
  type ReportedAgent,
  type ReportGrade,
} from '../../domain/session/agents.ts';
import { isOpen, type SessionFacts, statusAt } from '../../domain/session/document.ts';
import { agentKey } from '../../domain/session/presence-key.ts';
import type { RegistryEntry, Tier } from '../../domain/team/registry.ts';
import { type Team, teamsOf } from '../../domain/team/team.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Presence } from '../../store/port.ts';
import { claimedNodes, openRuns, runsHeldBy } from '../run/runs.ts';
import { onceServed } from '../session/claims.ts';
import { unendedSessions } from '../session/sessions.ts';

export interface LiveAgent {
  name: string;
  session: string;
  tier?: Tier;
  /** How it is known, the first that applies: its session named it, a hook reported it, or it holds a claim. */
  origin: 'session' | 'hook' | 'claim';
  /**
   * The last state that a hook reported, `unverifiable` once no process serves its window; `grade`: whether the
   * client's hook itself did, or a tool call.
   */
  state?: 'active' | 'idle' | 'unverifiable';
  grade?: ReportGrade;
  /** The number of nodes that it holds a claim on. */
  claims: number;
  /** The first of these nodes, by run and title. */
  working_on?: string;
  last_seen?: string;
}

/** What views of people and locks need beside documents; `now` is in ms since the epoch. */
export interface ViewScope {
  project: string;
  now: number;
  presence: Pick<Presence, 'lastSeen'> & Partial<Pick<Presence, 'served'>>;
}

/** The open sessions of the project, in no particular order. */
export function openSessions(view: View, viewScope: ViewScope): Readonly<SessionFacts>[] {
  const { project, now, presence } = viewScope;
  return unendedSessions(view, project).filter((facts) =>
    isOpen(statusAt(facts, now, (who) => presence.lastSeen(who))),
  );
}

/** The agents that open sessions named or hooks reported there, and those that hold claims in the project. */
export function liveAgents(view: View, viewScope: ViewScope): LiveAgent[] {
  const found = new Map<string, LiveAgent>();
  const served = onceServed(viewScope.presence);
  // What no process announces any more may go on or not: nobody can tell.
  const gone = (key: string, announced: boolean): boolean => announced && served()?.has(key) === false;
  for (const facts of openSessions(view, viewScope)) {
    for (const [name, agent] of Object.entries(facts.agents)) {
      const live: LiveAgent = { name, session: facts.id, origin: 'session', claims: 0 };
      if (agent.tier !== undefined) live.tier = agent.tier;
      found.set(agentKey(facts.id, name), live);
    }
    addReported(found, view, facts.id, viewScope);
  }
  for (const { run, id, node } of claimedNodes(openRuns(view, viewScope.project))) {
    const { agent, agent_name: name, session, title = id } = node;
    if (agent === undefined || name === undefined || session === undefined) continue;
    const live = found.get(agent) ?? { name, session, origin: 'claim', claims: 0 };
    live.claims += 1;
    if (gone(agent, node.window === true)) live.state = 'unverifiable';
    live.working_on ??= `${run.name}: ${title}`;
    found.set(agent, live);
  }
  for (const [key, live] of found) {
    if (live.state !== undefined && gone(live.session, live.origin === 'hook')) live.state = 'unverifiable';
    const seen =
      viewScope.presence.lastSeen(key) ?? (live.last_seen ? undefined : viewScope.presence.lastSeen(live.session));
    const at = seen === undefined ? '' : new Date(seen).toISOString();
    if (at > (live.last_seen ?? '')) live.last_seen = at;
  }
  return [...found.values()];
}

/** Adds the agents that hooks reported; one that its session named too gets its state and grade. */
function addReported(found: Map<string, LiveAgent>, view: View, session: string, { now, presence }: ViewScope): void {
  for (const agent of reportedIn(view, session)) {
    const { name, state, grade, seen_at } = agent;
    const key = agentKey(session, name);
    if (state === 'ended' || !isThere(agent, now, presence.lastSeen(key))) continue;
    const live = found.get(key) ?? { name, session, origin: 'hook', claims: 0 };
    found.set(key, { ...live, state, grade, last_seen: seen_at });
  }
}

function reportedIn(view: View, session: string): Readonly<ReportedAgent>[] {
  return Object.values(view.get<AgentsDocument>(agentsStream(session))?.agents ?? {});
}

/** Names of the agents in a session: those it named, those that hooks reported as not ended, and holders of claims. */
export function agentsIn(view: View, facts: Pick<SessionFacts, 'id' | 'project' | 'agents'>): string[] {
  const names = new Set(Object.keys(facts.agents));
  for (const { name, state } of reportedIn(view, facts.id)) if (state !== 'ended') names.add(name);
  for (const run of runsHeldBy(view, facts.id))
    for (const [, { session, server, agent_name: name }] of liveNodes(run))
      if (session === facts.id && server === undefined && name !== undefined) names.add(name);
  return [...names];
}

/** The registered entries of one kind, retired ones too, sorted by id. */
export function registered(view: View, project: string, kind: RegistryEntry['kind']): Readonly<RegistryEntry>[] {
  return view
    .streams(`registry/${project}/${kind}.`)
    .flatMap((stream) => view.get<RegistryEntry>(stream) ?? [])
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The teams of a project by name. */
export function teams(view: View, project: string): Map<string, Team> {
  return teamsOf(view.get(projectStream(project)));
}

/**
 * The name of the agent that holds a claim of this session. Fails with `unknown-claim`, or with `stale-claim` if it
 * does not hold any more or belongs to another session.
 */
export function agentOfClaim(view: View, session: string, claim: string): Result<string> {
  const parts = parseClaim(claim);
  const node = parts === undefined ? undefined : view.get<RunDocument>(runStream(parts.run))?.nodes[parts.node];
  if (node === undefined) return fail({ code: 'unknown-claim', claim });
  const holds = node.status === 'claimed' && node.claim === claim && node.session === session;
  if (holds && node.agent_name !== undefined) return ok(node.agent_name);
  const why = node.session === session ? `its node is ${node.status}` : 'another session holds its node';
  return fail({ code: 'stale-claim', claim, why });
}
