// The registry of a project: its agents, and the commands, tools, templates and MCP servers that they can use. A stream
// per entry. Pure; tools/registry-save.ts calls it, messages and decisions look up tiers and superiors.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { checkVersion } from '../if-version.ts';
import { type Removed, removedFrom } from '../removed.ts';
import { notFound } from './not-found.ts';

export const REGISTRY_KINDS = ['agent', 'command', 'tool', 'template', 'mcp'] as const;
export type RegistryKind = (typeof REGISTRY_KINDS)[number];

export const TIERS = ['orchestrator', 'coordinator', 'worker'] as const;
export type Tier = (typeof TIERS)[number];

/** The longest chain of superiors: a longer one is a mistake, or a cycle that a race let in. */
export const MAX_CHAIN = 10;

export interface RegistryEntry {
  schema: 1;
  kind: RegistryKind;
  /** The name by which others find it, unique in its project and kind. */
  id: string;
  project: string;
  description?: string;
  skills: string[];
  tools: string[];
  /** For agents. */
  tier?: Tier;
  reports_to?: string;
  /** The agent to ask when this one is absent. */
  fallback?: string;
  model?: string;
  /** How many nodes it takes at once. */
  capacity?: number;
  /** For commands, templates and MCP servers: how it is used. */
  usage?: string;
  retired?: boolean;
  created_at: string;
}

type Editable = Omit<RegistryEntry, 'schema' | 'kind' | 'id' | 'project' | 'created_at'>;

export interface SaveEntryInput extends Partial<{ [K in keyof Editable]: Editable[K] | undefined }> {
  project: string;
  kind: RegistryKind;
  id: string;
  ifVersion?: number | undefined;
}

export interface SaveEntryAnswer {
  id: string;
  kind: RegistryKind;
  created: boolean;
  version: number;
  changed: string[];
  /** What its lists have lost. */
  removed?: Removed;
}

export function registryStream(project: string, kind: RegistryKind, id: string): string {
  return `registry/${project}/${kind}.${id}`;
}

const EDITABLE = [
  'description',
  'skills',
  'tools',
  'tier',
  'reports_to',
  'fallback',
  'model',
  'capacity',
  'usage',
  'retired',
] as const satisfies readonly (keyof Editable)[];

/**
 * Makes or changes an entry; fields that are not given stay. An agent may report only to a registered one, never in a
 * circle. Fails with `version-mismatch`, `not-found`, `invalid-input`.
 */
export function saveEntry(tx: Transaction, ctx: Context, input: SaveEntryInput): Result<SaveEntryAnswer> {
  const { project, kind, id } = input;
  const stream = registryStream(project, kind, id);
  const before = tx.read<RegistryEntry>(stream);
  const read = `plan_list {kind: "${kind}", text: "${id}", detail: "full"}`;
  const removed = before === undefined ? {} : removedFrom(before, { ...before, ...given(input) }, LISTS);
  const present = before?.description === undefined ? undefined : { description: before.description };
  const seen = checkVersion({ tx, ctx, stream }, input.ifVersion, { what: `${kind} ${id}`, read, present });
  if (!seen.ok) return seen;
  const misplaced = checkLinks(tx, input);
  if (misplaced !== undefined) return misplaced;
  const changed = EDITABLE.filter(
    (key) => input[key] !== undefined && JSON.stringify(input[key]) !== JSON.stringify(before?.[key]),
  );
  if (before === undefined) {
    const made: RegistryEntry = {
      schema: 1,
      kind,
      id,
      project,
      skills: [],
      tools: [],
      created_at: new Date(ctx.now).toISOString(),
    };
    if (kind === 'agent') made.tier = 'worker';
    tx.create(stream, { type: 'registry.saved', data: { kind, id } }, { ...made, ...given(input) });
  } else {
    tx.edit<RegistryEntry>(stream, { type: 'registry.saved', data: { kind, id } }, (draft) => {
      Object.assign(draft, given(input, changed));
    });
  }
  const answer = { id, kind, created: before === undefined, version: tx.version(stream), changed: [...changed] };
  return ok({ ...answer, ...removed });
}

/** The lists of an entry that a save replaces. */
const LISTS = { skills: (skill: string) => skill, tools: (tool: string) => tool };

function given(input: SaveEntryInput, keys: readonly (keyof Editable)[] = EDITABLE): Partial<Editable> {
  return Object.fromEntries(keys.flatMap((key) => (input[key] === undefined ? [] : [[key, input[key]]])));
}

function checkLinks(tx: Transaction, input: SaveEntryInput): Result<never> | undefined {
  for (const at of ['reports_to', 'fallback'] as const) {
    const other = input[at];
    if (other === undefined) continue;
    const refuse = (why: string) => fail({ code: 'invalid-input', issues: [{ at, why }] });
    if (input.kind !== 'agent') return refuse('only agents have one');
    if (other === input.id) return refuse('is the agent itself');
    if (tx.read(registryStream(input.project, 'agent', other)) === undefined) {
      return notFound('agent', other, [], `registry_save {kind: "agent", id: "${other}"} to register it first`);
    }
    const path = at === 'reports_to' ? [input.id, ...chainAbove(tx, input.project, other, true)] : [];
    if (path.indexOf(input.id, 1) > 0) return refuse(`goes in a circle: ${path.join(' → ')}`);
    if (path.length > MAX_CHAIN) return refuse(`makes a chain of more than ${MAX_CHAIN} agents`);
  }
  return undefined;
}

/**
 * The superiors of an agent, the nearest first; with `self`, the agent before them. Bounded, and ends before it
 * repeats.
 */
export function chainAbove(tx: Pick<Transaction, 'read'>, project: string, agent: string, self = false): string[] {
  const chain = [agent];
  for (let at: string | undefined = agent; at !== undefined && chain.length <= MAX_CHAIN + 1; ) {
    const above: string | undefined = tx.read<RegistryEntry>(registryStream(project, 'agent', at))?.reports_to;
    if (above === undefined) break;
    chain.push(above);
    if (chain.indexOf(above) < chain.length - 1) break;
    at = above;
  }
  return self ? chain : chain.slice(1).filter((one) => one !== agent);
}
