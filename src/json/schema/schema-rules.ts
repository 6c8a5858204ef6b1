// The JSON Schemas that a project may use for the state of its sessions. They come from a model: a schema is accepted
// only if all its keywords are known and the cost of checking a value by it has a bound. Called when a configuration is
// saved; schema-check.ts checks values by accepted schemas.

import type { InputIssue } from '../../failure/failure.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { escapeToken } from '../pointer.ts';
import { type Check, listOf, oneOf, unknownKey, whole, words } from './checks.ts';
import { patternFault } from './safe-pattern.ts';

/** The deepest nesting, and the most schemas within one, with every $ref expanded. */
const MAX_DEPTH = 16;
const MAX_PARTS = 200;
/** The most schemas that may apply to one value. */
const MAX_ALTERNATIVES = 10;
/** The longest text that may be matched against a pattern. */
const MAX_MATCHED = 1_000;

export const SCHEMA_TYPES = ['string', 'number', 'integer', 'object', 'array', 'boolean', 'null'] as const;
export const SCHEMA_FORMATS = ['date-time', 'date', 'time', 'uuid', 'uri'] as const;

const count = whole(0, 1_000_000_000);
const anyNumber: Check = (value, at, issues) => {
  if (typeof value !== 'number') issues.push({ at, why: 'expected a number' });
};
const trueOrFalse: Check = (value, at, issues) => {
  if (typeof value !== 'boolean') issues.push({ at, why: 'expected true or false' });
};
const anything: Check = () => undefined;
const type = oneOf(...SCHEMA_TYPES);

/** Keywords without schemas in them, with the check of their argument. */
const PLAIN: Record<string, Check> = {
  type: (value, at, issues) =>
    Array.isArray(value) ? listOf(type, SCHEMA_TYPES.length, 1)(value, at, issues) : type(value, at, issues),
  enum: listOf(anything, 100, 1),
  const: anything,
  minLength: count,
  maxLength: count,
  pattern: words(200),
  format: oneOf(...SCHEMA_FORMATS),
  minimum: anyNumber,
  maximum: anyNumber,
  exclusiveMinimum: anyNumber,
  exclusiveMaximum: anyNumber,
  multipleOf: whole(1, 1_000_000_000),
  required: listOf(words(200), 100),
  minProperties: count,
  maxProperties: count,
  minItems: count,
  maxItems: count,
  uniqueItems: trueOrFalse,
};
/** Keywords whose argument is one schema; a list of schemas; schemas by name. */
const ONE = ['items', 'additionalProperties', 'not'];
const SEVERAL = ['anyOf', 'oneOf', 'allOf'];
const NAMED = ['properties'];
const ANNOTATIONS = ['title', 'description', 'default', 'examples', '$comment', '$schema', '$defs'];
const KNOWN = [...Object.keys(PLAIN), ...ONE, ...SEVERAL, ...NAMED, '$ref', ...ANNOTATIONS];

interface Reading {
  issues: InputIssue[];
  defs: Readonly<JsonObject>;
  /** Names of $defs on the way here: a name that comes again would recurse without end. */
  trail: readonly string[];
  depth: number;
  parts: { count: number };
}

/**
 * Every fault of a schema, at JSON Pointers below `at`. Stops at MAX_PARTS schemas, so an endless schema costs no more.
 */
export function schemaFaults(schema: Json, at: string): InputIssue[] {
  const reading: Reading = { issues: [], defs: defsOf(schema), trail: [], depth: 0, parts: { count: 0 } };
  const alternatives = read(schema, at, reading);
  if (reading.parts.count > MAX_PARTS)
    reading.issues.push({ at, why: `with every $ref in its place it has more than ${MAX_PARTS} schemas: say less` });
  else if (alternatives > MAX_ALTERNATIVES)
    reading.issues.push({ at, why: `one value would be held against more than ${MAX_ALTERNATIVES} schemas` });
  return reading.issues;
}

/** The schemas that a $ref may name. */
export function defsOf(schema: Json): Readonly<JsonObject> {
  return isObject(schema) && isObject(schema.$defs) ? schema.$defs : {};
}

/** The name in a $ref; undefined for any other form of reference. */
export function refName(ref: Json | undefined): string | undefined {
  return typeof ref === 'string' ? /^#\/\$defs\/([A-Za-z0-9_.-]{1,64})$/.exec(ref)?.[1] : undefined;
}

/** Adds the faults of a schema. Answers how many schemas may apply to one value, here or anywhere below. */
function read(schema: Json, at: string, reading: Reading): number {
  reading.parts.count += 1;
  if (reading.parts.count > MAX_PARTS || typeof schema === 'boolean') return 1;
  const refuse = (why: string, place = at): number => {
    reading.issues.push({ at: place, why });
    return 1;
  };
  if (!isObject(schema)) return refuse('expected a JSON Schema: an object, true or false');
  if (reading.depth > MAX_DEPTH) return refuse(`schemas may be nested ${MAX_DEPTH} deep`);
  const inner: Reading = { ...reading, depth: reading.depth + 1 };
  let here = 1;
  let below = 1;
  for (const [key, value] of Object.entries(schema)) {
    const place = `${at}/${escapeToken(key)}`;
    if (Object.hasOwn(PLAIN, key)) PLAIN[key]?.(value, place, reading.issues);
    else if (key === '$ref') here += reference(value, place, inner);
    else if (key === 'not') here += read(value, place, inner);
    else if (SEVERAL.includes(key)) here += several(value, place, inner);
    else if (ONE.includes(key)) below = Math.max(below, read(value, place, inner));
    else if (NAMED.includes(key)) below = Math.max(below, byName(value, place, inner));
    else if (!ANNOTATIONS.includes(key)) refuse(unknownKey(key, KNOWN), place);
  }
  checkPattern(schema, at, reading.issues);
  return Math.max(here, below);
}

function checkPattern({ pattern, maxLength }: Readonly<JsonObject>, at: string, issues: InputIssue[]): void {
  if (typeof pattern !== 'string') return;
  const bounded = typeof maxLength === 'number' && maxLength <= MAX_MATCHED;
  const why = bounded ? patternFault(pattern, maxLength) : `needs a maxLength of at most ${MAX_MATCHED} beside it`;
  if (why !== undefined) issues.push({ at: `${at}/pattern`, why });
}

function reference(ref: Json, at: string, reading: Reading): number {
  const { defs, issues, trail } = reading;
  const name = refName(ref);
  const found = name !== undefined && Object.hasOwn(defs, name) ? defs[name] : undefined;
  if (name === undefined || found === undefined) {
    issues.push({ at, why: 'expected "#/$defs/<name>" of one that is there' });
    return 1;
  }
  if (!trail.includes(name)) return read(found, at, { ...reading, trail: [...trail, name] });
  issues.push({ at, why: `leads back to itself (${[...trail, name].join(' → ')})` });
  return 1;
}

function several(given: Json, at: string, reading: Reading): number {
  if (Array.isArray(given) && given.length > 0 && given.length <= MAX_ALTERNATIVES)
    return given.reduce<number>((sum, one, index) => sum + read(one, `${at}/${index}`, reading), 0);
  reading.issues.push({ at, why: `expected a list of 1 to ${MAX_ALTERNATIVES} schemas` });
  return 1;
}

function byName(given: Json, at: string, reading: Reading): number {
  if (isObject(given))
    return Math.max(1, ...Object.entries(given).map(([key, one]) => read(one, `${at}/${escapeToken(key)}`, reading)));
  reading.issues.push({ at, why: 'expected an object' });
  return 1;
}
