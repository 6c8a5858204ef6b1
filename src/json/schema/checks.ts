// Small checks that a project's configuration is composed of: each adds its faults at their places, so that all are
// reported at once. Used by config.ts, policy.ts and schema-rules.ts.

import { nearest } from '../../base/nearest.ts';
import { ID_PATTERN } from '../../base/safe-id.ts';
import type { InputIssue } from '../../failure/failure.ts';
import { isObject, type Json } from '../json.ts';
import { escapeToken } from '../pointer.ts';

/** The words for a key that must be there. */
export const REQUIRED = 'required';

/** Adds the faults of a value to `issues`; none if it is valid. `at`: its JSON Pointer. */
export type Check = (value: Json, at: string, issues: InputIssue[]) => void;

export const whole =
  (least: number, most: number): Check =>
  (value, at, issues) => {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
    if (!fits) issues.push({ at, why: `expected a whole number from ${least} to ${most}` });
  };

export const words =
  (most: number): Check =>
  (value, at, issues) => {
    if (typeof value !== 'string' || value === '' || value.length > most)
      issues.push({ at, why: `expected text of 1 to ${most} characters` });
  };

/** A valid name of a team, a pool, a resource or a policy. */
export const name: Check = (value, at, issues) => {
  if (typeof value !== 'string' || !ID_PATTERN.test(value))
    issues.push({ at, why: 'a name is 1 to 64 of a-z, 0-9, dot, dash and underscore' });
};

export const oneOf =
  (...values: string[]): Check =>
  (value, at, issues) => {
    if (typeof value !== 'string' || !values.includes(value))
      issues.push({ at, why: `expected one of ${values.join(', ')}` });
  };

export const anyObject: Check = (value, at, issues) => {
  if (!isObject(value)) issues.push({ at, why: 'expected an object' });
};

export const listOf =
  (check: Check, most: number, least = 0): Check =>
  (value, at, issues) => {
    if (!Array.isArray(value) || value.length > most || value.length < least) {
      issues.push({ at, why: `expected a list of ${least === 0 ? 'at most' : `${least} to`} ${most}` });
      return;
    }
    for (const [index, item] of value.entries()) check(item, `${at}/${index}`, issues);
  };

/** An object with no other keys than these; the `required` ones must be present. */
export const keys =
  (shape: Record<string, Check>, required: readonly string[] = []): Check =>
  (value, at, issues) => {
    if (!isObject(value)) {
      issues.push({ at, why: 'expected an object' });
      return;
    }
    for (const key of required) if (!Object.hasOwn(value, key)) issues.push({ at: `${at}/${key}`, why: REQUIRED });
    for (const [key, item] of Object.entries(value)) {
      const check = Object.hasOwn(shape, key) ? shape[key] : undefined;
      const place = `${at}/${escapeToken(key)}`;
      if (check === undefined) issues.push({ at: place, why: unknownKey(key, Object.keys(shape)) });
      else check(item, place, issues);
    }
  };

/** The words for an unknown key, with the nearest known one or all of them. */
export function unknownKey(key: string, known: readonly string[]): string {
  const [near] = nearest(key, known, 1);
  return `unknown key, ${near === undefined ? `use ${known.join(', ')}` : `did you mean ${near}?`}`;
}

/** An object of at most `most` members with any names, each value checked alike. */
export const named =
  (check: Check, most: number): Check =>
  (value, at, issues) => {
    if (!isObject(value) || Object.keys(value).length > most) {
      issues.push({ at, why: `expected an object of at most ${most} names` });
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      const place = `${at}/${escapeToken(key)}`;
      const before = issues.length;
      name(key, place, issues);
      if (issues.length === before) check(item, place, issues);
    }
  };
