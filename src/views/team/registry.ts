// Lists of the registry by kind and skill, with the live agents and their load, and stand-ins for agents. For answers
// only. Used by plan/kinds/registered.ts, addresses.ts, escalation.ts and the dashboard view `agents`.

import type { View } from '../../documents/documents.ts';
import { type RegistryEntry, type RegistryKind, registryStream, type Tier } from '../../domain/team/registry.ts';
import { wordsOf } from '../words.ts';
import { type LiveAgent, liveAgents, registered, type ViewScope } from './people.ts';

/** A type, not an interface: answers are open-ended objects. */
export type RegistryRow = {
  id: string;
  kind: RegistryKind;
  description?: string;
  tier?: Tier;
  reports_to?: string;
  skills?: string[];
  tools?: string[];
  model?: string;
  usage?: string;
  retired?: boolean;
  /** For agents: the number of claims held, and the most it takes at once. */
  load?: number;
  capacity?: number;
  /** Ids of the sessions in which it is live. */
  live?: string[];
  last_seen?: string;
  /** False for a live agent without an entry. `origin`: how a live agent is known. */
  registered?: boolean;
  origin?: LiveAgent['origin'];
  /** As of a live agent; of several of one name the first that applies to any: active, idle, unverifiable. */
  state?: NonNullable<LiveAgent['state']>;
  /** True if it is live and has fewer claims than its capacity. */
  available?: boolean;
  /** The stand-in of an agent that is not available; see `standInFor`. */
  fallback?: string;
};

export interface RegistryFilter {
  /** Words that must all occur in id, description or skills. */
  text?: string | undefined;
  /** True to list retired entries too. */
  retired?: boolean | undefined;
}

const MAX_FALLBACKS = 10;

/**
 * The rows of one kind that fit, sorted by id. If the text names a skill: by number of skills named, then available
 * ones first, then by load.
 */
export function registryRows(
  view: View,
  kind: RegistryKind,
  viewScope: ViewScope,
  filter: RegistryFilter = {},
): RegistryRow[] {
  const entries = registered(view, viewScope.project, kind);
  const rows = kind === 'agent' ? agentRows(view, entries, viewScope) : entries.map((entry) => rowOf(entry));
  const words = wordsOf(filter.text);
  const skilled = (row: RegistryRow): number =>
    (row.skills ?? []).filter((one) => words.includes(one.toLowerCase())).length;
  const found = rows.filter((row) => (row.retired !== true || filter.retired === true) && fits(row, words));
  if (!found.some((row) => skilled(row) > 0)) return found;
  return found.sort(
    (a, b) =>
      skilled(b) - skilled(a) ||
      Number(b.available ?? false) - Number(a.available ?? false) ||
      (a.load ?? 0) - (b.load ?? 0),
  );
}

function fits(row: RegistryRow, words: readonly string[]): boolean {
  const low = `${row.id} ${row.description ?? ''} ${(row.skills ?? []).join(' ')}`.toLowerCase();
  return words.every((word) => low.includes(word));
}

function rowOf(entry: Readonly<RegistryEntry>): RegistryRow {
  const { id, kind, description, tier, reports_to, skills, tools, model, usage, retired, capacity } = entry;
  const row: RegistryRow = { id, kind };
  const optional = { description, tier, reports_to, model, usage, retired, capacity };
  Object.assign(row, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
  if (skills.length > 0) row.skills = [...skills];
  if (tools.length > 0) row.tools = [...tools];
  return row;
}

function agentRows(view: View, entries: readonly Readonly<RegistryEntry>[], viewScope: ViewScope): RegistryRow[] {
  const live = new Map<string, LiveAgent[]>();
  for (const agent of liveAgents(view, viewScope)) live.set(agent.name, [...(live.get(agent.name) ?? []), agent]);
  const rows = entries.map((entry) => withLife(rowOf(entry), live.get(entry.id) ?? []));
  const names = new Set(entries.map(({ id }) => id));
  for (const [name, agents] of live) {
    if (names.has(name)) continue;
    const row: RegistryRow = { id: name, kind: 'agent', registered: false };
    const tier = agents.find((one) => one.tier !== undefined)?.tier;
    if (tier !== undefined) row.tier = tier;
    rows.push(withLife(row, agents));
  }
  const byName = new Map(rows.map((row) => [row.id, row]));
  for (const entry of entries) {
    const row = byName.get(entry.id);
    const canBeAsked = (name: string): boolean => byName.get(name)?.available === true;
    const instead = canBeAsked(entry.id) ? undefined : standInFor(view, viewScope.project, entry.id, canBeAsked);
    if (row !== undefined && instead !== undefined) row.fallback = instead;
  }
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function withLife(row: RegistryRow, agents: readonly LiveAgent[]): RegistryRow {
  row.load = agents.reduce((sum, { claims }) => sum + claims, 0);
  const there = agents.some(({ state }) => state !== 'unverifiable');
  row.available = there && row.retired !== true && row.load < (row.capacity ?? Number.POSITIVE_INFINITY);
  const [first] = agents;
  if (first !== undefined) {
    row.live = agents.map(({ session }) => session);
    row.origin = first.origin;
  }
  const states = agents.flatMap(({ state }) => state ?? []);
  const told = (['active', 'idle', 'unverifiable'] as const).find((state) => states.includes(state));
  if (told !== undefined) row.state = told;
  const seen = agents
    .flatMap(({ last_seen }) => last_seen ?? [])
    .sort()
    .at(-1);
  if (seen !== undefined) row.last_seen = seen;
  return row;
}

/**
 * The stand-in of an agent: the first in its chain of fallbacks for whom `canBeAsked` is true, else the last of the
 * chain, which shows who was meant; undefined without a fallback.
 */
export function standInFor(
  view: View,
  project: string,
  agent: string,
  canBeAsked: (name: string) => boolean,
): string | undefined {
  let last: string | undefined;
  let at = agent;
  for (let steps = 0; steps < MAX_FALLBACKS; steps += 1) {
    const next = view.get<RegistryEntry>(registryStream(project, 'agent', at))?.fallback;
    if (next === undefined || next === agent) break;
    last = next;
    if (canBeAsked(next)) break;
    at = next;
  }
  return last;
}
