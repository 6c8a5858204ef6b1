// Who is there: open sessions of a project and the agents in them. Computed from documents for answers and as a hint
// where to look; never decided upon.

import type { View } from '../../documents/documents.ts';
import { projectStream } from '../../domain/project/document.ts';
import { type PoolDocument, poolStream } from '../../domain/resource/pool.ts';
import { parseClaim, type RunDocument, runStream } from '../../domain/run/document.ts';
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
import { claimedNodes, projectRuns } from '../run/runs.ts';
import { readableFacts } from '../session/sessions.ts';

export interface LiveAgent {
  name: string;
  session: string;
  tier?: Tier;
  /** By what it is known: the first of these. */
  origin: 'session' | 'hook' | 'claim';
  /** As a hook reported it last, and whether the client's own hook did or a call that claims to be one. */
  state?: 'active' | 'idle';
  grade?: ReportGrade;
  /** Nodes it holds a claim on. */
  claims: number;
  /** The first of them, by run and title. */
  working_on?: string;
  last_seen?: string;
}

/** What a view of people needs beside documents. */
export interface ViewScope {
  project: string;
  now: number;
  presence: Pick<Presence, 'lastSeen'>;
}

/** Open sessions of the project, in no promised order. */
export function openSessions(view: View, viewScope: ViewScope): Readonly<SessionFacts>[] {
  const { project, now, presence } = viewScope;
  return view.streams('session/').flatMap((stream) => {
    const facts = readableFacts(view, stream);
    if (facts?.project !== project) return [];
    return isOpen(statusAt(facts, now, (who) => presence.lastSeen(who))) ? [facts] : [];
  });
}

/** Agents that sessions named, those that hooks reported, and those that hold claims. */
export function liveAgents(view: View, viewScope: ViewScope): LiveAgent[] {
  const found = new Map<string, LiveAgent>();
  for (const facts of openSessions(view, viewScope)) {
    for (const [name, agent] of Object.entries(facts.agents)) {
      const live: LiveAgent = { name, session: facts.id, origin: 'session', claims: 0 };
      if (agent.tier !== undefined) live.tier = agent.tier;
      found.set(agentKey(facts.id, name), live);
    }
    addReported(found, view, facts.id, viewScope);
  }
  for (const { run, id, node } of claimedNodes(projectRuns(view, viewScope.project))) {
    const { agent, agent_name: name, session, title = id } = node;
    if (agent === undefined || name === undefined || session === undefined) continue;
    const live = found.get(agent) ?? { name, session, origin: 'claim', claims: 0 };
    live.claims += 1;
    live.working_on ??= `${run.name}: ${title}`;
    found.set(agent, live);
  }
  for (const [key, live] of found) {
    const seen =
      viewScope.presence.lastSeen(key) ?? (live.last_seen ? undefined : viewScope.presence.lastSeen(live.session));
    const at = seen === undefined ? '' : new Date(seen).toISOString();
    if (at > (live.last_seen ?? '')) live.last_seen = at;
  }
  return [...found.values()];
}

/** An agent that its session named too is one and the same. */
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

/**
 * Names of the agents in a session: those it named, those that hooks reported and no hook reported the end of, and
 * those that hold a claim there.
 */
export function agentsIn(view: View, facts: Pick<SessionFacts, 'id' | 'project' | 'agents'>): string[] {
  const names = new Set(Object.keys(facts.agents));
  for (const { name, state } of reportedIn(view, facts.id)) if (state !== 'ended') names.add(name);
  const pool = view.get<PoolDocument>(poolStream(facts.project));
  for (const { agent, run, claim } of Object.values(pool?.held ?? {})) {
    if (!agent.startsWith(`${facts.id}.`)) continue;
    const nodes = view.get<RunDocument>(runStream(run))?.nodes ?? {};
    const name = nodes[parseClaim(claim)?.node ?? '']?.agent_name;
    if (name !== undefined) names.add(name);
  }
  return [...names];
}

/** Registered entries of one kind, by name. */
export function registered(view: View, project: string, kind: RegistryEntry['kind']): Readonly<RegistryEntry>[] {
  return view
    .streams(`registry/${project}/${kind}.`)
    .flatMap((stream) => view.get<RegistryEntry>(stream) ?? [])
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function teams(view: View, project: string): Map<string, Team> {
  return teamsOf(view.get(projectStream(project)));
}

/** The agent that a claim belongs to, if it is one of this session's and still holds. */
export function agentOfClaim(view: View, session: string, claim: string): Result<string> {
  const parts = parseClaim(claim);
  const node = parts === undefined ? undefined : view.get<RunDocument>(runStream(parts.run))?.nodes[parts.node];
  if (node === undefined) return fail({ code: 'unknown-claim', claim });
  const holds = node.status === 'claimed' && node.claim === claim && node.session === session;
  if (holds && node.agent_name !== undefined) return ok(node.agent_name);
  const why = node.session === session ? `its node is ${node.status}` : 'another session holds its node';
  return fail({ code: 'stale-claim', claim, why });
}
