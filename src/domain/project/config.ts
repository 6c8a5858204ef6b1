// The configuration of a project: its keys, its defaults, and every fault of one at once. Called by save.ts. Every key
// here has an effect or is shown: a setting that is stored but not obeyed would mislead.

import type { InputIssue } from '../../failure/failure.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { escapeToken } from '../../json/pointer.ts';
import { anyObject, type Check, keys, listOf, named, oneOf, REQUIRED, whole, words } from '../../json/schema/checks.ts';
import { schemaFaults } from '../../json/schema/schema-rules.ts';
import { FILE_LOCK, LOCK_KINDS, type LockKind, MAX_PARTIES } from '../resource/document.ts';
import { NAME_PATTERN } from '../team/channel.ts';
import { checkPolicies, type Policy } from './policy.ts';
import { schemaSteps } from './schema-path.ts';

export interface GlobalSettings {
  /** Tokens that the agents of one run may report before no more of its nodes are given out. */
  token_budget: number;
  /** Claims that agents may hold at once, in all runs of the project together; 0 for no limit. */
  max_concurrent_agents: number;
}

export interface Team {
  orchestrator?: string;
  members?: string[];
  settings?: JsonObject;
}

/** The most claims that agents of one name hold at once; see resource/pool.ts. `{max}` may be written as a number. */
export interface Pool {
  max: number;
  /** With `demand`: the least limit. Default 0. */
  min?: number;
  /** `fixed` (default): the limit is `max`. `demand`: between `min` and `max`, by the nodes that are ready or held. */
  policy?: 'fixed' | 'demand';
  /** With `demand`: nodes per agent. Default 1. */
  nodes_per_agent?: number;
}

/** The capacity and kind of the lock of this name, for all that acquire it. */
export interface ResourceSettings {
  capacity: number;
  kind?: Exclude<LockKind, 'file'>;
  description?: string;
}

/** Hours after which a board marks a task as overdue. */
export interface Alerts {
  /** A blocked task. */
  blocked_hours: number;
  /** A task in work or in review whose status has not changed. */
  idle_hours: number;
}

export interface ProjectConfig {
  global_settings: GlobalSettings;
  alerts: Alerts;
  teams: Record<string, Team>;
  pools: Record<string, Pool>;
  resources: Record<string, ResourceSettings>;
  /** JSON Schemas for the state of the project's sessions, by path; see schema-path.ts. */
  schemas: Record<string, Json>;
  /** Which tool calls its agents may make; see policy.ts. */
  policies: Policy[];
  /** The weight of a vote by tier; default 3, 2 and 1. */
  vote_weights?: { orchestrator?: number; coordinator?: number; worker?: number };
}

const DEFAULTS: { global_settings: GlobalSettings; alerts: Alerts } = {
  global_settings: { token_budget: 100_000, max_concurrent_agents: 10 },
  alerts: { blocked_hours: 24, idle_hours: 48 },
};

/** A stored configuration with its defaults filled in. A copy. Contract: it has passed `configFaults`. */
export function withDefaults(config: Readonly<JsonObject> | undefined): ProjectConfig {
  const given = structuredClone(config ?? {}) as Partial<ProjectConfig>;
  return {
    teams: {},
    resources: {},
    schemas: {},
    policies: [],
    ...given,
    pools: poolsOf(config),
    global_settings: globalSettingsOf(config),
    alerts: { ...DEFAULTS.alerts, ...given.alerts },
  };
}

/** The global settings with defaults: cheaper than `withDefaults`, for the commands on claims. */
export function globalSettingsOf(config: Readonly<JsonObject> | undefined): GlobalSettings {
  return { ...DEFAULTS.global_settings, ...(config?.global_settings as Partial<GlobalSettings> | undefined) };
}

/** Whether claims are limited at all: with no limit the list of claims need not be kept. */
export function limitsClaims(config: Readonly<JsonObject> | undefined): boolean {
  return globalSettingsOf(config).max_concurrent_agents > 0 || Object.keys(config?.pools ?? {}).length > 0;
}

/** The pools, each in its long form. */
export function poolsOf(config: Readonly<JsonObject> | undefined): Record<string, Pool> {
  const given = (config?.pools ?? {}) as unknown as Record<string, number | Pool>;
  const pools = Object.entries(given).map(([name, pool]) => [
    name,
    typeof pool === 'number' ? { max: pool } : { ...pool },
  ]);
  return Object.fromEntries(pools);
}

/** The settings of the lock of this name; undefined if there are none. */
export function resourceOf(config: Readonly<JsonObject> | undefined, name: string): ResourceSettings | undefined {
  const resources = (config?.resources ?? {}) as unknown as Record<string, ResourceSettings>;
  return Object.hasOwn(resources, name) ? resources[name] : undefined;
}

const poolObject = keys(
  {
    max: whole(1, 1_000),
    min: whole(0, 1_000),
    policy: oneOf('fixed', 'demand'),
    nodes_per_agent: whole(1, 10_000),
  },
  ['max'],
);

const pool: Check = (value, at, issues) => {
  if (!isObject(value)) return whole(1, 1_000)(value, at, issues);
  poolObject(value, at, issues);
  const { min, max } = value;
  if (typeof min === 'number' && typeof max === 'number' && min > max)
    issues.push({ at: `${at}/min`, why: `is above max (${max})` });
};

/** All lock kinds but file: files are reserved by pattern and have no capacity. */
const RESOURCE_KINDS = LOCK_KINDS.filter((kind) => kind !== 'file');
const resource = keys({ capacity: whole(1, MAX_PARTIES), kind: oneOf(...RESOURCE_KINDS), description: words(1_000) }, [
  'capacity',
]);

const resources: Check = (value, at, issues) => {
  named(resource, 500)(value, at, issues);
  const unfit = Object.keys(isObject(value) ? value : {}).find((id) => id === FILE_LOCK || !NAME_PATTERN.test(id));
  if (unfit !== undefined)
    issues.push({
      at: `${at}/${escapeToken(unfit)}`,
      why: `is no name that a lock can have (1 to 40 of a-z, 0-9, ".", "_" and "-", not ${FILE_LOCK})`,
    });
};

const schemas: Check = (value, at, issues) => {
  if (!isObject(value) || Object.keys(value).length > 50) {
    issues.push({ at, why: 'expected an object of at most 50 paths, each with a JSON Schema' });
    return;
  }
  for (const [path, schema] of Object.entries(value)) {
    const place = `${at}/${escapeToken(path)}`;
    const steps = schemaSteps(path);
    if (steps.ok) issues.push(...schemaFaults(schema, place));
    else issues.push({ at: place, why: steps.failure.code === 'path-refused' ? steps.failure.why : 'is no path' });
  }
};

const config = keys({
  global_settings: keys({ token_budget: whole(1, 1_000_000_000), max_concurrent_agents: whole(0, 1_000) }),
  alerts: keys({ blocked_hours: whole(1, 10_000), idle_hours: whole(1, 10_000) }),
  teams: named(keys({ orchestrator: words(64), members: listOf(words(64), 200), settings: anyObject }), 100),
  pools: named(pool, 200),
  vote_weights: keys({ orchestrator: whole(0, 100), coordinator: whole(0, 100), worker: whole(0, 100) }),
  resources,
  schemas,
  policies: checkPolicies,
});

/** The faults of a part of a configuration that no part beside it can mend: what is required may be there already. */
export function partFaults(part: Readonly<JsonObject>): InputIssue[] {
  const given = Object.entries(part).filter(([, value]) => value !== null);
  return configFaults(Object.fromEntries(given)).filter(({ why }) => why !== REQUIRED);
}

/** Every fault of a configuration, with JSON Pointers below `/config`. */
export function configFaults(value: Json): InputIssue[] {
  const issues: InputIssue[] = [];
  config(value, '/config', issues);
  return issues;
}
