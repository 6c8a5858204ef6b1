// Lists and tallies of decisions, and the voters of a new one with their weights. Computed from documents. Used by
// decision_open, decision_vote, tools/shared/due-decisions.ts and the dashboard view `leadership`.

import type { Grouping, View } from '../../documents/documents.ts';
import { projectStream } from '../../domain/project/document.ts';
import { type AgendaDocument, agendaStream, dueOn } from '../../domain/team/agenda.ts';
import type { Address, Caller } from '../../domain/team/channel.ts';
import {
  type DecisionDocument,
  type DecisionStatus,
  decisionStream,
  dissentOf,
  type OptionTally,
  tallyOf,
  type Voter,
} from '../../domain/team/decision.ts';
import { type RegistryEntry, registryStream, TIERS, type Tier } from '../../domain/team/registry.ts';
import { everybodyIn } from '../../domain/team/team.ts';
import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import { isObject, type JsonObject } from '../../json/json.ts';
import { factsOf } from '../session/sessions.ts';
import { predecessors, resolveRecipient } from './addresses.ts';
import { openSessions, teams, type ViewScope } from './people.ts';

const WEIGHTS: Record<Tier, number> = { orchestrator: 3, coordinator: 2, worker: 1 };
const MAX_LISTED = 20;
export const MAX_VOTERS = 100;

/** A type, not an interface: answers are open-ended objects. */
export type DecisionRow = {
  decision: string;
  title: string;
  kind: string;
  status: DecisionStatus;
  rule: string;
  outcome?: string;
  why?: string;
  voted: number;
  voters: number;
  deadline: string;
  /** What may be voted for, while it is open. */
  options?: string[];
};

export type DecisionFacts = DecisionRow & {
  tally: OptionTally[];
  abstained: number;
  quorum: number;
  k?: number;
  missing?: string[];
  dissent?: { voter: string; option: string; reason?: string }[];
  /** Why an allocation that passed had no effect. */
  not_applied?: string;
};

/** A decision with its tally, and its dissent once it is closed. */
export function decisionFacts(decision: Readonly<DecisionDocument>): DecisionFacts {
  const tally = tallyOf(decision);
  const facts: DecisionFacts = {
    ...rowOf(decision),
    tally: tally.options,
    abstained: tally.abstained,
    quorum: decision.quorum,
  };
  if (decision.not_applied !== undefined) facts.not_applied = decision.not_applied;
  if (decision.k !== undefined) facts.k = decision.k;
  if (decision.status === 'open') facts.missing = tally.missing.slice(0, MAX_LISTED);
  const dissent = decision.status === 'open' ? [] : dissentOf(decision);
  if (dissent.length > 0) facts.dissent = dissent.slice(0, MAX_LISTED);
  return facts;
}

/** Decisions by project, and by project and status. */
const decisionGroups: Grouping<DecisionDocument> = {
  kind: 'decision',
  groupsOf: ({ project, status }) => [project, `${project} ${status}`],
};

/** Decisions of a project, the last changed first. */
export function decisionRows(view: View, project: string, status?: DecisionStatus): DecisionRow[] {
  return view
    .grouped(decisionGroups, status === undefined ? project : `${project} ${status}`)
    .flatMap((stream) => view.get<DecisionDocument>(stream) ?? [])
    .map(rowOf);
}

/** Ids of open decisions past their deadline, which the caller must close; and the next deadline, in ms. */
export function dueDecisions(view: View, project: string, now: number): { due: string[]; next: number } {
  return dueOn(view.get<AgendaDocument>(agendaStream(project)), now);
}

/** The number of open decisions of the project in which the session may vote and has not. */
export function waitingVotes(view: View, project: string, session: string): number {
  const names = votingNames(view, { session });
  const open = Object.keys(view.get<AgendaDocument>(agendaStream(project))?.open ?? {});
  return open.filter((id) => {
    const decision = view.get<DecisionDocument>(decisionStream(id));
    if (decision?.status !== 'open') return false;
    const own = decision.voters.filter(({ name }) => names.includes(name));
    return own.length > 0 && !own.some(({ name }) => Object.hasOwn(decision.votes, name));
  }).length;
}

function rowOf(doc: Readonly<DecisionDocument>): DecisionRow {
  const { id: decision, title, kind, status, rule, outcome, why, voters, deadline } = doc;
  const row: DecisionRow = {
    decision,
    title,
    kind,
    status,
    rule,
    voted: Object.keys(doc.votes).length,
    voters: voters.length,
    deadline,
  };
  if (status === 'open') row.options = [...doc.options];
  if (outcome !== undefined) row.outcome = outcome;
  if (why !== undefined) row.why = why;
  return row;
}

/** A session that no process serves counts as present if it was seen within this time. */
const THERE_MS = 3_600_000;

/**
 * The voters of a new decision, at most MAX_VOTERS, and the addresses to announce it to. Voters are the named sessions,
 * agents and teams, else all present sessions. Fails if a name is unknown or cannot vote.
 */
export function electorate(
  view: View,
  named: readonly string[] | undefined,
  caller: Caller,
  viewScope: ViewScope,
  served: ReadonlySet<string>,
): Result<{ voters: Voter[]; announceTo: Address[] }> {
  const { project } = viewScope;
  if (named === undefined) {
    // A session that was left open yesterday would only keep the others from a quorum.
    const isThere = (id: string): boolean =>
      id === caller.session || served.has(id) || (viewScope.presence.lastSeen(id) ?? 0) > viewScope.now - THERE_MS;
    const there = openSessions(view, viewScope).filter(({ id }) => isThere(id));
    const voters = there.map(({ id }) => voterOf(view, project, id));
    return ok({ voters: voters.slice(0, MAX_VOTERS), announceTo: [{ kind: 'all', project }] });
  }
  const known = teams(view, project);
  const names = new Set(
    named.flatMap((name) => {
      const team = name.startsWith('team:') ? known.get(name.slice('team:'.length)) : undefined;
      return team === undefined ? [name] : [...everybodyIn(team)];
    }),
  );
  const voters: Voter[] = [];
  const announceTo: Address[] = [];
  for (const name of names) {
    const found = resolveRecipient(view, name, caller.session, viewScope);
    if (!found.ok) return notVoter(name, found.failure);
    const { address } = found.value;
    if (address.kind === 'all' || address.kind === 'channel') return notVoter(name);
    voters.push(voterOf(view, project, address.name));
    if (address.name !== caller.session) announceTo.push(address);
  }
  return ok({ voters: voters.slice(0, MAX_VOTERS), announceTo: announceTo.slice(0, MAX_VOTERS) });
}

function notVoter(name: string, failure?: Failure): Result<never> {
  // Names are resolved as recipients; the failure must speak of a voter.
  if (failure?.code === 'not-found') return fail({ ...failure, what: 'voter' });
  const why =
    `${JSON.stringify(name.slice(0, 60))} is nobody who votes: name sessions, agents or teams, or leave ` +
    `voters out`;
  return fail({ code: 'invalid-input', issues: [{ at: 'voters', why }] });
}

/** The names under which a caller may be a voter: its own, those of its agents, and those of its predecessors. */
export function votingNames(view: View, { session, agent }: Caller): string[] {
  if (agent !== undefined) return [agent];
  return [session, ...Object.keys(factsOf(view, session)?.agents ?? {}), ...predecessors(view, session)];
}

function voterOf(view: View, project: string, name: string): Voter {
  const tier = tierOf(view, project, name);
  return { name, tier, weight: weights(view, project)[tier] };
}

/** The tier of a registered agent; of a session, the highest tier of its agents. */
function tierOf(view: View, project: string, name: string): Tier {
  const entry = view.get<RegistryEntry>(registryStream(project, 'agent', name));
  if (entry?.tier !== undefined) return entry.tier;
  const agents = Object.entries(factsOf(view, name)?.agents ?? {});
  const tiers = agents.map(
    ([agent, { tier }]) => view.get<RegistryEntry>(registryStream(project, 'agent', agent))?.tier ?? tier,
  );
  return TIERS.find((tier) => tiers.includes(tier)) ?? 'worker';
}

/** The weight of a vote by tier: the project's `vote_weights`, else 3, 2 and 1. */
function weights(view: View, project: string): Record<Tier, number> {
  const config = view.get<{ config?: JsonObject }>(projectStream(project))?.config;
  const own = isObject(config?.vote_weights) ? config.vote_weights : {};
  const found = { ...WEIGHTS };
  for (const tier of TIERS) {
    const weight = own[tier];
    if (typeof weight === 'number' && weight >= 0) found[tier] = weight;
  }
  return found;
}
