// What a project may be configured with, its defaults, and every fault of a configuration at once. Called by project.ts.
// Only what something acts upon or shows has a key here: a rule that is stored and not kept would be worse than none.

import type { InputIssue } from '../../failure.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { escapeToken } from '../../json/pointer.ts';
import { nearest } from '../../nearest.ts';

export interface GlobalSettings {
  token_budget: number;
  max_concurrent_agents: number;
}

export interface Team {
  orchestrator?: string;
  members?: string[];
  settings?: JsonObject;
}

export interface Pool {
  max: number;
  min?: number;
  /** `fixed`: always `max`; `demand`: between `min` and `max`, as work is ready. */
  policy?: 'fixed' | 'demand';
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
  resources: Record<string, { capacity: number; kind?: string; description?: string }>;
  /** What a vote of each tier weighs; absent: 3, 2 and 1. */
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
    pools: {},
    resources: {},
    ...given,
    global_settings: { ...DEFAULTS.global_settings, ...given.global_settings },
    alerts: { ...DEFAULTS.alerts, ...given.alerts },
  };
}

/** What a place may hold; says why not, or undefined if the value fits. */
type Check = (value: Json, at: string, issues: InputIssue[]) => void;

const whole =
  (least: number, most: number): Check =>
  (value, at, issues) => {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
    if (!fits) issues.push({ at, why: `expected a whole number from ${least} to ${most}` });
  };

const words =
  (most: number): Check =>
  (value, at, issues) => {
    if (typeof value !== 'string' || value === '' || value.length > most)
      issues.push({ at, why: `expected text of 1 to ${most} characters` });
  };

const oneOf =
  (...values: string[]): Check =>
  (value, at, issues) => {
    if (!values.includes(String(value))) issues.push({ at, why: `expected one of ${values.join(', ')}` });
  };

const anyObject: Check = (value, at, issues) => {
  if (!isObject(value)) issues.push({ at, why: 'expected an object' });
};

const listOf =
  (check: Check, most: number): Check =>
  (value, at, issues) => {
    if (!Array.isArray(value) || value.length > most) {
      issues.push({ at, why: `expected a list of at most ${most}` });
      return;
    }
    for (const [index, item] of value.entries()) check(item, `${at}/${index}`, issues);
  };

/** An object with these keys alone; those in `required` must be there. */
const keys =
  (shape: Record<string, Check>, required: readonly string[] = []): Check =>
  (value, at, issues) => {
    if (!isObject(value)) {
      issues.push({ at, why: 'expected an object' });
      return;
    }
    for (const key of required) if (!Object.hasOwn(value, key)) issues.push({ at: `${at}/${key}`, why: 'required' });
    for (const [key, item] of Object.entries(value)) {
      const check = Object.hasOwn(shape, key) ? shape[key] : undefined;
      const place = `${at}/${escapeToken(key)}`;
      if (check !== undefined) {
        check(item, place, issues);
        continue;
      }
      const [near] = nearest(key, Object.keys(shape), 1);
      const known = Object.keys(shape).join(', ');
      issues.push({ at: place, why: `unknown key, ${near === undefined ? `use ${known}` : `did you mean ${near}?`}` });
    }
  };

/** An object of any names, each with a value of one kind. */
const named =
  (check: Check, most: number): Check =>
  (value, at, issues) => {
    if (!isObject(value) || Object.keys(value).length > most) {
      issues.push({ at, why: `expected an object of at most ${most} names` });
      return;
    }
    for (const [name, item] of Object.entries(value)) {
      const place = `${at}/${escapeToken(name)}`;
      if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) check(item, place, issues);
      else issues.push({ at: place, why: 'a name is 1 to 64 of a-z, 0-9, dot, dash and underscore' });
    }
  };

const poolFits: Check = (value, at, issues) => {
  if (!isObject(value)) return;
  const { min, max } = value;
  if (typeof min === 'number' && typeof max === 'number' && min > max)
    issues.push({ at: `${at}/min`, why: `is above max (${max})` });
};

const pool: Check = (value, at, issues) => {
  const shape = { max: whole(1, 1_000), min: whole(0, 1_000), policy: oneOf('fixed', 'demand') };
  keys(shape, ['max'])(value, at, issues);
  poolFits(value, at, issues);
};

const config = keys({
  global_settings: keys({ token_budget: whole(1, 1_000_000_000), max_concurrent_agents: whole(1, 10_000) }),
  alerts: keys({ blocked_hours: whole(1, 10_000), idle_hours: whole(1, 10_000) }),
  teams: named(keys({ orchestrator: words(64), members: listOf(words(64), 200), settings: anyObject }), 100),
  pools: named(pool, 200),
  vote_weights: keys({ orchestrator: whole(0, 100), coordinator: whole(0, 100), worker: whole(0, 100) }),
  resources: named(
    keys({ capacity: whole(1, 1_000_000), kind: words(64), description: words(1_000) }, ['capacity']),
    500,
  ),
});

/** Every fault of a configuration, with JSON Pointers below `/config`. */
export function configFaults(value: Json): InputIssue[] {
  const issues: InputIssue[] = [];
  config(value, '/config', issues);
  return issues;
}
