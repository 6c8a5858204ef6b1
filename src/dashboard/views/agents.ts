// The dashboard view `agents`: open sessions, the live agents in them with their claims, and the registered agents.

import { expiresAtMs, type SessionFacts, sessionStream } from '../../domain/session/document.ts';
import { claimedNodes, openRuns } from '../../views/run/runs.ts';
import { type Source, viewScopeOf } from '../../views/source.ts';
import { agentsIn, type LiveAgent, liveAgents, openSessions } from '../../views/team/people.ts';
import { registryRows } from '../../views/team/registry.ts';
import { columns, type DashboardView, type Row, type Section, timeCell } from '../define.ts';

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
  session: 'who',
  tier: { kind: 'text', spare: 1 },
  origin: { kind: 'text', spare: 2 },
  state: { kind: 'status', spare: 2 },
  grade: { kind: 'text', spare: 3 },
  claims: 'count',
  working_on: 'prose',
  seen_at: { kind: 'time', spare: 1 },
});

const REGISTRY_COLUMNS = columns({
  agent: 'text',
  tier: 'text',
  reports_to: { kind: 'text', spare: 1 },
  skills: 'prose',
  load: 'count',
  capacity: { kind: 'count', spare: 2 },
  fallback: { kind: 'text', spare: 2 },
  model: { kind: 'text', spare: 3 },
});

export const agents: DashboardView = {
  name: 'agents',
  title: 'Agents',
  alerts: ['sessions', 'handoffs', 'leases'],
  sections: (source) => {
    const registered = registeredRows(source);
    const registry: Section = {
      name: 'registry',
      title: 'Registered',
      columns: REGISTRY_COLUMNS,
      rows: registered,
      more: 'plan_list {"kind": "agent"}',
    };
    return [
      sessionSection(source),
      {
        name: 'agents',
        title: 'Agents',
        columns: AGENT_COLUMNS,
        rows: agentRows(source),
        more: 'plan_list {"kind": "agent"}',
      },
      ...(registered.length === 0 ? [] : [registry]),
    ];
  },
};

/** Open sessions of the project, those that a process serves first. The view `team` shows the section too. */
export function sessionSection(source: Source): Section {
  const claims = new Map<string, number>();
  for (const { node } of claimedNodes(openRuns(source.view, source.project.id)))
    if (node.session !== undefined) claims.set(node.session, (claims.get(node.session) ?? 0) + 1);
  const found = openSessions(source.view, viewScopeOf(source)).map((facts) => ({
    row: sessionRow(source, facts, claims.get(facts.id) ?? 0),
    seq: source.view.lastSeq(sessionStream(facts.id)),
  }));
  found.sort((a, b) => Number(b.row.live) - Number(a.row.live) || b.seq - a.seq);
  const rows = found.map(({ row }) => row);
  return { name: 'sessions', title: 'Sessions', columns: SESSION_COLUMNS, rows, more: 'session_list {"limit": 100}' };
}

function sessionRow({ view, now, presence, served }: Source, facts: Readonly<SessionFacts>, claims: number): Row {
  const seen = presence.lastSeen(facts.id);
  return {
    session: facts.id,
    name: facts.name,
    mode: facts.mode,
    status: facts.status,
    live: served().has(facts.id),
    claims,
    agents: agentsIn(view, facts).length,
    seen_at: timeCell(seen),
    expires_at: timeCell(expiresAtMs(facts, seen, now)),
    workspace: facts.directory,
  };
}

/** All live agents, those with the most claims first, then those seen last. */
function agentRows(source: Source): Row[] {
  const seenMs = ({ last_seen: at }: LiveAgent): number => (at === undefined ? 0 : Date.parse(at));
  const found = liveAgents(source.view, viewScopeOf(source)).sort(
    (a, b) => b.claims - a.claims || seenMs(b) - seenMs(a),
  );
  return found.map(({ name, session, tier, origin, state, grade, claims, working_on, last_seen }) => {
    return { agent: name, session, tier, origin, state, grade, claims, working_on, seen_at: last_seen };
  });
}

/** The registered agents, live or not. */
function registeredRows(source: Source): Row[] {
  const found = registryRows(source.view, 'agent', viewScopeOf(source)).filter((row) => row.registered !== false);
  return found.map(({ id, tier, reports_to, skills, load, capacity, fallback, model }) => {
    return { agent: id, tier, reports_to, skills: skills?.join(', '), load, capacity, fallback, model };
  });
}
