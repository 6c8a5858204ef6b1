// Policies of a project: which tool calls its agents may make. A list of plain data in the project's configuration; the
// first policy that matches a call decides, and a call that matches none is allowed. Pure; tools/around/policies.ts
// applies it before each call.

import type { InputIssue } from '../../failure/failure.ts';
import { isObject, type Json } from '../../json/json.ts';
import { type Check, keys, listOf, name, oneOf, words } from '../../json/schema/checks.ts';
import { parsePath } from '../../path/path.ts';
import { SESSION_MODES } from '../session/document.ts';
import { TIERS } from '../team/registry.ts';

export const POLICY_DECISIONS = ['allow', 'deny', 'ask'] as const;

type Scalar = string | number | boolean | null;

/** All members must match; of a list, one element. */
interface PolicyCondition {
  /** The mode of the caller's session. */
  mode?: string | string[];
  /** The tier of the calling agent, by its session or the registry; worker if neither names it. */
  tier?: string | string[];
  /** The agent of the claim that is passed or asked for, else `main`; `*` stands for any characters. */
  agent?: string | string[];
  /** Values by the place of an argument, such as `path` or `operations.*.path`. `*` as in `agent`. */
  args?: Record<string, Scalar | Scalar[]>;
}

export interface Policy {
  /** Its name in failures and approvals. Required with `ask`. */
  name?: string;
  /** A tool's name; `*` stands for any characters. */
  tool: string;
  decision: (typeof POLICY_DECISIONS)[number];
  when?: PolicyCondition;
  /** Shown to the caller it stops. */
  reason?: string;
}

/** The facts of a call that policies match. `input` is the input as sent, without defaults. */
export interface CallFacts {
  tool: string;
  input: unknown;
  mode: string;
  tier: string;
  agent: string;
}

/** The first policy that matches a call; undefined if none does. */
export function policyFor(policies: readonly Policy[], call: CallFacts): Policy | undefined {
  return policies.find(({ tool, when = {} }) => {
    if (!fitsPattern(tool, call.tool)) return false;
    if (!fitsOne(when.mode, call.mode) || !fitsOne(when.tier, call.tier) || !fitsOne(when.agent, call.agent))
      return false;
    return Object.entries(when.args ?? {}).every(([place, wanted]) => {
      const given = argumentsAt(call.input, place.split('.'));
      return given.some((value) => [wanted].flat().some((one) => fitsArgument(one, value)));
    });
  });
}

/** The arguments by which state tools are told where to write. */
const PATH_ARGUMENTS = ['path', 'operations.*.path'];

/** Whether a policy looks at the places that a call names. */
export function looksAtPlaces({ when = {} }: Policy): boolean {
  return Object.keys(when.args ?? {}).some((place) => PATH_ARGUMENTS.includes(place));
}

/**
 * The first policy that matches the write of one place, a path in full form: its conditions on paths are asked of this
 * place, all others of the call.
 */
export function policyForPlace(policies: readonly Policy[], call: CallFacts, place: string): Policy | undefined {
  return policies.find((policy) => {
    const { args = {}, ...others } = policy.when ?? {};
    const paths = Object.entries(args).filter(([name]) => PATH_ARGUMENTS.includes(name));
    const rest = Object.entries(args).filter(([name]) => !PATH_ARGUMENTS.includes(name));
    const fits = paths.every(([, wanted]) => [wanted].flat().some((one) => fitsPlace(one, place)));
    return fits && policyFor([{ ...policy, when: { ...others, args: Object.fromEntries(rest) } }], call) !== undefined;
  });
}

function fitsPlace(wanted: Scalar, place: string): boolean {
  if (typeof wanted !== 'string') return false;
  return fitsPattern(/^[$*]/.test(wanted) ? wanted : `$.${wanted}`, place);
}

/** The words for a policy in a failure. */
export function policyLabel(policies: readonly Policy[], policy: Policy): string {
  return policy.name === undefined
    ? `policy ${policies.indexOf(policy) + 1} of ${policies.length} (${policy.decision} ${policy.tool})`
    : `the policy ${JSON.stringify(policy.name)}`;
}

function fitsOne(wanted: string | string[] | undefined, actual: string): boolean {
  return wanted === undefined || [wanted].flat().some((one) => fitsPattern(one, actual));
}

function fitsArgument(wanted: Scalar, given: unknown): boolean {
  if (typeof wanted !== 'string' || typeof given !== 'string') return wanted === given;
  // A path has several spellings: compared in its canonical one.
  const path = wanted.startsWith('$') ? parsePath(given) : undefined;
  return fitsPattern(wanted, path?.ok ? path.value.text : given);
}

/**
 * Whether a text matches a pattern, in which `*` stands for any characters. Each part is searched once, from left to
 * right, without backtracking.
 */
export function fitsPattern(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}

/** The values at a place of the arguments; `*` takes every element or member. */
function argumentsAt(input: unknown, [key, ...rest]: readonly string[]): unknown[] {
  if (key === undefined) return [input];
  if (typeof input !== 'object' || input === null) return [];
  if (key === '*') return Object.values(input).flatMap((one) => argumentsAt(one, rest));
  const found: unknown = Object.hasOwn(input, key) ? Reflect.get(input, key) : undefined;
  return found === undefined ? [] : argumentsAt(found, rest);
}

const anyOf =
  (check: Check): Check =>
  (value, at, issues) =>
    Array.isArray(value) ? listOf(check, 20, 1)(value, at, issues) : check(value, at, issues);

const scalar: Check = (value, at, issues) => {
  if (typeof value === 'object' && value !== null)
    issues.push({ at, why: 'expected text, a number, true, false or null, or a list of such' });
  else if (typeof value === 'string' && value.length > 500) issues.push({ at, why: 'expected at most 500 characters' });
};

const toolPattern: Check = (value, at, issues) => {
  if (typeof value !== 'string' || !/^[a-z_*]{1,64}$/.test(value))
    issues.push({ at, why: 'expected the name of a tool; * stands for any characters, as in state_*' });
};

const placed: Check = (value, at, issues) => {
  if (!isObject(value) || Object.keys(value).length > 8) {
    issues.push({ at, why: 'expected an object of at most 8 places of arguments' });
    return;
  }
  for (const [place, wanted] of Object.entries(value)) {
    if (/^[\w*-]+(\.[\w*-]+){0,5}$/.test(place)) anyOf(scalar)(wanted, `${at}/${place}`, issues);
    else
      issues.push({
        at,
        why: `${JSON.stringify(place.slice(0, 60))} is no place: write it as path or operations.*.path`,
      });
  }
};

const condition = keys({
  mode: anyOf(oneOf(...SESSION_MODES)),
  tier: anyOf(oneOf(...TIERS)),
  agent: anyOf(words(64)),
  args: placed,
});

const policy = keys(
  { name, tool: toolPattern, decision: oneOf(...POLICY_DECISIONS), when: condition, reason: words(300) },
  ['tool', 'decision'],
);

/** Adds the faults of a list of policies. */
export function checkPolicies(value: Json, at: string, issues: InputIssue[]): void {
  listOf(policy, 50)(value, at, issues);
  const names = new Set<Json>();
  for (const [index, one] of (Array.isArray(value) ? value : []).entries()) {
    if (!isObject(one)) continue;
    if (one.decision === 'ask' && one.name === undefined)
      issues.push({ at: `${at}/${index}/name`, why: 'required with ask: an approval names it' });
    if (one.name !== undefined && names.has(one.name))
      issues.push({ at: `${at}/${index}/name`, why: 'is the name of another policy' });
    if (one.name !== undefined) names.add(one.name);
  }
}
