// Words for a refused input: every fault at once, unknown keys with the nearest known ones. Used by tools/define.ts.

import type { z } from 'zod';
import { nearest } from '../../base/nearest.ts';
import type { Failure, InputIssue } from '../../failure/failure.ts';
import { OTHER_NAMES } from '../../graph/graph.ts';
import { meantBy } from './readings.ts';

type Path = readonly PropertyKey[];

type InvalidInput = Extract<Failure, { code: 'invalid-input' }>;
/** What a tool finds wrong with an input that fits its schema. */
export type OwnFaults = (parsed: unknown) => InputIssue[];

/**
 * The refusal of an input with all its faults. Unknown keys and wrong types keep zod and the tool from looking at what
 * they stand beside, so the input is looked at once more without them: a caller should not mend one fault to meet the
 * next.
 */
export function refusalOf(
  error: z.ZodError,
  input: z.ZodObject,
  { given, own }: { given: unknown; own: OwnFaults },
): InvalidInput {
  const told = inputIssues(error, input);
  const unknown = error.issues.flatMap(placesOfUnknown);
  const known = without(given, unknown);
  const again =
    unknown.length === 0 ? { success: false as const, error } : input.safeParse(known, { reportInput: true });
  if (again.success) return withMore(told, own(again.data));
  const wrong = again.error.issues.map(({ path }) => path);
  const typed = input.safeParse(without(known, wrong));
  const all = withMore(told, inputIssues(again.error, input).issues);
  // What is said of a place that was left out is said of the leaving out.
  const out = new Set(wrong.map(place));
  return typed.success
    ? withMore(
        all,
        own(typed.data).filter(({ at }) => !out.has(at)),
      )
    : all;
}

/** The refusal with further issues. */
function withMore(told: InvalidInput, found: readonly InputIssue[]): InvalidInput {
  const known = new Set(told.issues.map(({ at, why }) => `${at} ${why}`));
  return { ...told, issues: [...told.issues, ...found.filter(({ at, why }) => !known.has(`${at} ${why}`))] };
}

function placesOfUnknown(issue: z.core.$ZodIssue): Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [];
}

/** A copy of an input without the members at some places. */
function without(given: unknown, places: readonly Path[]): unknown {
  const copy: unknown = structuredClone(given);
  for (const path of places) {
    let holder: unknown = copy;
    for (const step of path.slice(0, -1)) holder = Reflect.get(Object(holder), step);
    // An item of a list stays: without it, those behind it would stand at other places.
    if (!Array.isArray(holder)) Reflect.deleteProperty(Object(holder), path.at(-1) ?? '');
  }
  return copy;
}

/** Converts zod's report to `invalid-input`. `expected`: the keys of the first object that held an unknown one. */
export function inputIssues(error: z.ZodError, input: z.ZodObject): InvalidInput {
  const issues: InputIssue[] = [];
  let expected: string[] | undefined;
  for (const issue of error.issues) {
    if (issue.code !== 'unrecognized_keys') {
      issues.push({ at: place(issue.path), why: wording(issue) });
      continue;
    }
    const known = keysAt(input, issue.path);
    expected ??= known;
    for (const key of issue.keys) {
      const [near] = nearest(key, known, 1);
      const best = isNode(known) ? (OTHER_NAMES.get(key.toLowerCase()) ?? near) : near;
      const hint = best === undefined ? '' : `, did you mean ${best}?`;
      issues.push({ at: place([...issue.path, key.slice(0, 64)]), why: `unknown key${hint}` });
    }
  }
  return { code: 'invalid-input', issues, ...(expected !== undefined && { expected }) };
}

/** Whether the object is a node of a graph, whose fields other programs call by other names. */
function isNode(known: readonly string[]): boolean {
  return known.includes('needs') && known.includes('trigger');
}

/** The place of a fault: an argument's name, or a JSON Pointer for a deeper one. */
function place(path: Path): string {
  if (path.length <= 1) return path.map(String).join('');
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    const got = typeName(issue.input);
    if (got !== 'undefined') return `expected ${issue.expected}, got ${got}`;
    // Zod's word for a value that must be present, of any type.
    return issue.expected === 'nonoptional' ? 'required' : `required (${issue.expected})`;
  }
  if (issue.code === 'invalid_value')
    return `expected one of ${issue.values.map(shownValue).join(', ')}${meant(issue)}`;
  if (issue.code === 'custom') return issue.message;
  return issue.message.replace(/^(Invalid input|Too big|Too small|Invalid string): /, '');
}

/** The allowed words that a word may mean, by its meaning, else by its spelling. */
function meant(issue: z.core.$ZodIssueInvalidValue): string {
  const { input, values } = issue;
  if (typeof input !== 'string') return '';
  const words = meantBy(issue);
  const allowed = values.filter((value) => typeof value === 'string');
  const near = words.length > 0 ? words : nearest(input, allowed, 1);
  return near.length === 0 ? '' : `; did you mean ${near.map(shownValue).join(' or ')}?`;
}

function shownValue(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The known keys of the object at a path; empty if it is no object with fixed keys. */
function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    const inner: z.core.$ZodTypeDef | undefined = definition(at);
    if (isObjectDef(inner)) at = inner.shape[String(step)];
    else if (isArrayDef(inner)) at = inner.element;
    else return [];
  }
  const found = definition(at);
  return isObjectDef(found) ? Object.keys(found.shape) : [];
}

/** The definition inside of optional, default and nullable. */
function definition(schema: z.core.$ZodType | undefined): z.core.$ZodTypeDef | undefined {
  let def = schema?._zod.def;
  while (hasInner(def)) def = def.innerType._zod.def;
  return def;
}

function hasInner(def: z.core.$ZodTypeDef | undefined): def is z.core.$ZodOptionalDef {
  return def !== undefined && 'innerType' in def;
}

function isObjectDef(def: z.core.$ZodTypeDef | undefined): def is z.core.$ZodObjectDef {
  return def?.type === 'object';
}

function isArrayDef(def: z.core.$ZodTypeDef | undefined): def is z.core.$ZodArrayDef {
  return def?.type === 'array';
}
