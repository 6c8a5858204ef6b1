// The dashboard's view of who is there: sessions, the agents in them with what they hold, and who is registered.

import { agentKey, hasEnded } from '../../../domain/run.ts';
import { expiresAtMs, isOpen, type SessionFacts, sessionStream, statusAt } from '../../../domain/session.ts';
import type { RegistryEntry } from '../../../domain/team/registry.ts';
import { readableFacts } from '../../sessions.ts';
import { columns, type DashboardView, type Row, type Section, type Source } from '../define.ts';
import { runsOf } from './runs.ts';

const SESSION_COLUMNS = columns({
  session: 'id',
  name: 'text',
  mode: { kind: 'text', spare: 1 },
  status: 'status',
  live: 'flag',
  claims: 'count',
  agents: { kind: 'count', spare: 2 },
  seen_at: 'time',
  expires_at: { kind: 'time', spare: 3 },
  workspace: { kind: 'text', spare: 4 },
});

const AGENT_COLUMNS = columns({
  agent: 'text',
  session: 'id',
  tier: { kind: 'text', spare: 1 },
  claims: 'count',
  working_on: 'text',
  seen_at: { kind: 'time', spare: 1 },
});

const REGISTRY_COLUMNS = columns({
  agent: 'text',
  tier: 'text',
  reports_to: { kind: 'text', spare: 1 },
  skills: 'text',
  capacity: { kind: 'count', spare: 2 },
  load: 'count',
  model: { kind: 'text', spare: 3 },
});

export const agents: DashboardView = {
  name: 'agents',
  title: 'Agents',
  sections: (source) => {
    const working = agentRows(source);
    const registered = registryRows(source, working);
    const registry: Section = { name: 'registry', title: 'Registered', columns: REGISTRY_COLUMNS, rows: registered };
    return [
      sessionSection(source),
      { name: 'agents', title: 'Agents', columns: AGENT_COLUMNS, rows: working },
      ...(registered.length === 0 ? [] : [registry]),
    ];
  },
};

/** Open sessions of the project, the live ones first; the team's view shows them too. */
export function sessionSection(source: Source): Section {
  const claims = claimsBySession(source);
  const found = openSessions(source).map((facts) => ({
    row: sessionRow(source, facts, claims),
    seq: source.view.lastSeq(sessionStream(facts.id)),
  }));
  found.sort((a, b) => Number(b.row.live) - Number(a.row.live) || b.seq - a.seq);
  const rows = found.map(({ row }) => row);
  return { name: 'sessions', title: 'Sessions', columns: SESSION_COLUMNS, rows, more: 'session_list {"limit": 100}' };
}

/** In no promised order. */
export function openSessions({ view, now, presence, project }: Source): Readonly<SessionFacts>[] {
  return view.streams('session/').flatMap((stream) => {
    const facts = readableFacts(view, stream);
    if (facts?.project !== project.id) return [];
    return isOpen(statusAt(facts, now, (who) => presence.lastSeen(who))) ? [facts] : [];
  });
}

function sessionRow(
  { presence, served }: Source,
  facts: Readonly<SessionFacts>,
  claims: ReadonlyMap<string, number>,
): Row {
  const seen = presence.lastSeen(facts.id);
  const row: Row = {
    session: facts.id,
    mode: facts.mode,
    status: facts.status,
    live: served().has(facts.id),
    claims: claims.get(facts.id) ?? 0,
    agents: Object.keys(facts.agents).length,
    expires_at: new Date(expiresAtMs(facts, seen)).toISOString(),
    workspace: facts.directory,
  };
  if (facts.name !== undefined) row.name = facts.name;
  if (seen !== undefined) row.seen_at = new Date(seen).toISOString();
  return row;
}

function claimsBySession(source: Source): Map<string, number> {
  const claims = new Map<string, number>();
  for (const run of runsOf(source)) {
    if (hasEnded(run.status)) continue;
    for (const node of Object.values(run.nodes)) {
      if (node.status !== 'claimed' || node.session === undefined) continue;
      claims.set(node.session, (claims.get(node.session) ?? 0) + 1);
    }
  }
  return claims;
}

/** Agents that sessions named and those that hold claims, the busiest first. */
function agentRows(source: Source): Row[] {
  const found = new Map<string, Row & { claims: number }>();
  for (const facts of openSessions(source)) {
    for (const [name, agent] of Object.entries(facts.agents)) {
      const tier = agent.tier === undefined ? {} : { tier: agent.tier };
      found.set(agentKey(facts.id, name), { agent: name, session: facts.id, claims: 0, ...tier });
    }
  }
  for (const run of runsOf(source)) {
    if (hasEnded(run.status)) continue;
    for (const [id, node] of Object.entries(run.nodes)) {
      const { agent: key, agent_name: name, session } = node;
      if (node.status !== 'claimed' || key === undefined || name === undefined || session === undefined) continue;
      const row = found.get(key) ?? { agent: name, session, claims: 0 };
      row.claims += 1;
      row.working_on ??= `${run.name}: ${node.title ?? id}`;
      found.set(key, row);
    }
  }
  for (const [key, row] of found) {
    const seen = source.presence.lastSeen(key);
    if (seen !== undefined) row.seen_at = new Date(seen).toISOString();
  }
  return [...found.values()].sort((a, b) => b.claims - a.claims);
}

function registryRows({ view, project }: Source, working: readonly Row[]): Row[] {
  const load = new Map<string, number>();
  for (const { agent, claims } of working) load.set(String(agent), (load.get(String(agent)) ?? 0) + Number(claims));
  return view.streams(`registry/${project.id}/agent.`).flatMap((stream) => {
    const entry = view.get<RegistryEntry>(stream);
    if (entry === undefined || entry.retired === true) return [];
    const { id: agent, tier, reports_to, skills, capacity, model } = entry;
    return [{ agent, tier, reports_to, skills: skills.join(', '), capacity, load: load.get(agent) ?? 0, model }];
  });
}
