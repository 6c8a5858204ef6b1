// Which JSON Schemas a project may lay over the state of its sessions. They come from a model: what is let through has a
// bound on what checking a value costs, and means the same to every validator. Called when a configuration is saved, and
// by tools/json-schema.ts, which gets the plain form that `readSchema` answers.

import type { InputIssue } from '../../failure.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { escapeToken } from '../../json/pointer.ts';
import { type Check, listOf, oneOf, unknownKey, whole, words } from './checks.ts';
import { patternFault } from './safe-pattern.ts';

/** Nesting, and schemas within each other, once every $ref is put in its place. */
const MAX_DEPTH = 16;
const MAX_PARTS = 200;
/** Alternatives that one value may have to be held against. */
const MAX_ALTERNATIVES = 10;
/** A text that is matched against a pattern. */
const MAX_MATCHED = 1_000;

const ANNOTATIONS = ['title', 'description', 'default', 'examples', '$comment', '$schema', '$defs'];
const ALTERNATIVES = ['anyOf', 'oneOf'];
const count = whole(0, 1_000_000_000);
const anyNumber: Check = (value, at, issues) => {
  if (typeof value !== 'number') issues.push({ at, why: 'expected a number' });
};
const bounds = { minimum: anyNumber, maximum: anyNumber, exclusiveMinimum: anyNumber, exclusiveMaximum: anyNumber };
const numeric = { ...bounds, multipleOf: whole(1, 1_000_000_000) };
/** Looked into by hand, below. */
const inside: Check = () => undefined;

/** The keywords that say something of each type, and what they may say. */
const KEYWORDS: Record<string, Record<string, Check>> = {
  string: {
    minLength: count,
    maxLength: count,
    pattern: words(200),
    format: oneOf('date-time', 'date', 'time', 'uuid', 'uri'),
  },
  number: numeric,
  integer: numeric,
  object: {
    properties: inside,
    required: listOf(words(200), 100),
    additionalProperties: inside,
    minProperties: count,
    maxProperties: count,
  },
  array: { items: inside, minItems: count, maxItems: count, uniqueItems: trueOrFalse },
  boolean: {},
  null: {},
};
const TYPES = Object.keys(KEYWORDS);
const ALL_KEYWORDS = [...new Set(Object.values(KEYWORDS).flatMap((keywords) => Object.keys(keywords)))];
const KNOWN = ['type', 'enum', 'const', '$ref', ...ALTERNATIVES, ...ALL_KEYWORDS, ...ANNOTATIONS];

interface Reading {
  issues: InputIssue[];
  defs: JsonObject;
  /** Names of $defs on the way to here: one that comes again would go on for ever. */
  trail: string[];
  depth: number;
  parts: { count: number };
}

/**
 * Every fault of a schema, at JSON Pointers below `at`, and without faults its plain form: no $ref, no annotations, one
 * type to a schema, every required property named. The plain form accepts exactly what the schema accepts.
 */
export function readSchema(schema: Json, at: string): { plain: Json; issues: InputIssue[] } {
  const defs = isObject(schema) && isObject(schema.$defs) ? schema.$defs : {};
  const reading: Reading = { issues: [], defs, trail: [], depth: 0, parts: { count: 0 } };
  const plain = read(schema, at, reading);
  if (reading.parts.count > MAX_PARTS)
    reading.issues.push({ at, why: `with every $ref in its place it has more than ${MAX_PARTS} schemas: say less` });
  else if (reading.issues.length === 0 && alternativesOf(plain) > MAX_ALTERNATIVES)
    reading.issues.push({ at, why: `a value would have more than ${MAX_ALTERNATIVES} alternatives` });
  return { plain, issues: reading.issues };
}

function read(schema: Json, at: string, reading: Reading): Json {
  reading.parts.count += 1;
  if (reading.parts.count > MAX_PARTS) return true;
  const refuse = (why: string, place = at): Json => {
    reading.issues.push({ at: place, why });
    return true;
  };
  if (typeof schema === 'boolean') return schema;
  if (!isObject(schema)) return refuse('expected a JSON Schema: an object, true or false');
  if (reading.depth > MAX_DEPTH) return refuse(`schemas may be nested ${MAX_DEPTH} deep`);
  const keywords = Object.keys(schema).filter((key) => !ANNOTATIONS.includes(key));
  const unknown = keywords.find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) return refuse(unknownKey(unknown, KNOWN), `${at}/${escapeToken(unknown)}`);
  const alone = keywords.find((key) => key === '$ref' || ALTERNATIVES.includes(key));
  if (alone !== undefined) {
    const other = keywords.find((key) => key !== alone);
    if (other !== undefined) return refuse(`${alone} stands alone, without ${other}: say all of it in its schemas`);
    return alone === '$ref' ? reference(schema, at, reading) : alternatives(schema, alone, at, reading);
  }
  if (keywords.includes('enum') || keywords.includes('const')) return values(schema, keywords, at, reading);
  const types = typesOf(schema, at, reading);
  const untyped = keywords.find(
    (key) => key !== 'type' && !types.some((type) => Object.hasOwn(KEYWORDS[type] ?? {}, key)),
  );
  if (untyped !== undefined) {
    const fitting = TYPES.filter((type) => Object.hasOwn(KEYWORDS[type] ?? {}, untyped)).join(' or ');
    return refuse(`says nothing without type ${fitting}`, `${at}/${untyped}`);
  }
  if (types.length === 0) return true;
  const each = types.map((type) => ofType(schema, type, at, reading));
  return each.length === 1 ? (each[0] ?? true) : { anyOf: each };
}

function typesOf(schema: JsonObject, at: string, { issues }: Reading): string[] {
  if (schema.type === undefined) return [];
  const before = issues.length;
  if (Array.isArray(schema.type)) listOf(oneOf(...TYPES), TYPES.length, 1)(schema.type, `${at}/type`, issues);
  else oneOf(...TYPES)(schema.type, `${at}/type`, issues);
  return issues.length > before ? [] : [...new Set([schema.type].flat() as string[])];
}

function ofType(schema: JsonObject, type: string, at: string, reading: Reading): Json {
  const { issues } = reading;
  const plain: JsonObject = { type };
  for (const [key, check] of Object.entries(KEYWORDS[type] ?? {})) {
    const value = schema[key];
    if (value === undefined) continue;
    check(value, `${at}/${key}`, issues);
    plain[key] = value;
  }
  if (type === 'string' && typeof schema.pattern === 'string') checkPattern(schema, schema.pattern, at, issues);
  if (type === 'array' && schema.items !== undefined) plain.items = below(schema.items, `${at}/items`, reading);
  if (type === 'object') objectOf(schema, plain, at, reading);
  return plain;
}

function checkPattern(schema: JsonObject, pattern: string, at: string, issues: InputIssue[]): void {
  const { maxLength } = schema;
  const bounded = typeof maxLength === 'number' && maxLength <= MAX_MATCHED;
  const why = bounded ? patternFault(pattern, maxLength) : `needs a maxLength of at most ${MAX_MATCHED} beside it`;
  if (why !== undefined) issues.push({ at: `${at}/pattern`, why });
}

function objectOf(schema: JsonObject, plain: JsonObject, at: string, reading: Reading): void {
  const { properties = {}, additionalProperties: rest, required } = schema;
  if (rest !== undefined) plain.additionalProperties = below(rest, `${at}/additionalProperties`, reading);
  if (!isObject(properties)) {
    reading.issues.push({ at: `${at}/properties`, why: 'expected an object' });
    return;
  }
  const named: JsonObject = {};
  for (const [key, value] of Object.entries(properties)) {
    const place = `${at}/properties/${escapeToken(key)}`;
    // A validator that looks it up carelessly finds what every object has.
    if (key in {}) reading.issues.push({ at: place, why: 'is a name that every object has: choose another one' });
    else named[key] = below(value, place, reading);
  }
  for (const key of Array.isArray(required) ? required : []) {
    if (typeof key !== 'string' || Object.hasOwn(named, key)) continue;
    if (rest === false || key in {})
      reading.issues.push({ at: `${at}/required`, why: `${key} is required, and no property can be it` });
    else named[key] = plain.additionalProperties ?? true;
  }
  if (Object.keys(named).length > 0) plain.properties = named;
}

function below(schema: Json, at: string, reading: Reading): Json {
  return read(schema, at, { ...reading, depth: reading.depth + 1 });
}

function reference(schema: JsonObject, at: string, reading: Reading): Json {
  const { $ref: ref } = schema;
  const name = typeof ref === 'string' ? /^#\/\$defs\/([A-Za-z0-9_.-]{1,64})$/.exec(ref)?.[1] : undefined;
  const found = name !== undefined && Object.hasOwn(reading.defs, name) ? reading.defs[name] : undefined;
  const refuse = (why: string): Json => {
    reading.issues.push({ at: `${at}/$ref`, why });
    return true;
  };
  if (name === undefined || found === undefined) return refuse('expected "#/$defs/<name>" of one that is there');
  if (reading.trail.includes(name)) return refuse(`leads back to itself (${[...reading.trail, name].join(' → ')})`);
  return read(found, `${at}/$ref`, { ...reading, depth: reading.depth + 1, trail: [...reading.trail, name] });
}

function alternatives(schema: JsonObject, keyword: string, at: string, reading: Reading): Json {
  const given = schema[keyword];
  if (Array.isArray(given) && given.length > 0 && given.length <= MAX_ALTERNATIVES)
    return { [keyword]: given.map((one, index) => below(one, `${at}/${keyword}/${index}`, reading)) };
  reading.issues.push({ at: `${at}/${keyword}`, why: `expected a list of 1 to ${MAX_ALTERNATIVES} schemas` });
  return true;
}

/** enum and const: plain values, each of the type that is said, if one is. */
function values(schema: JsonObject, keywords: readonly string[], at: string, reading: Reading): Json {
  const { issues } = reading;
  const other = keywords.find((key) => key !== 'enum' && key !== 'const' && key !== 'type');
  const both = keywords.includes('enum') && keywords.includes('const');
  const [place, given] = keywords.includes('enum')
    ? [`${at}/enum`, schema.enum]
    : [`${at}/const`, [schema.const ?? null]];
  if (other !== undefined || both) issues.push({ at: place, why: 'stands alone, but for type' });
  const types = typesOf(schema, at, reading);
  if (!Array.isArray(given) || given.length === 0 || given.length > 100)
    issues.push({ at: place, why: 'expected a list of 1 to 100 values' });
  else if (given.some((value) => typeof value === 'object' && value !== null))
    issues.push({ at: place, why: 'expected text, numbers, true, false or null: for others say type' });
  else if (types.length > 0 && given.some((value) => !types.some((type) => isOfType(value, type))))
    issues.push({ at: place, why: `has a value that is not of type ${types.join(' or ')}` });
  else return { enum: [...new Set(given)] };
  return true;
}

function isOfType(value: Json, type: string): boolean {
  if (type === 'null') return value === null;
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

/** How many schemas one value may be held against, wherever in the schema it stands. */
function alternativesOf(schema: Json): number {
  if (!isObject(schema)) return 1;
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return choices.reduce<number>((sum, one) => sum + alternativesOf(one), 0);
  const { items, additionalProperties: rest, properties } = schema;
  const inner = [items, rest, ...(isObject(properties) ? Object.values(properties) : [])];
  return Math.max(1, ...inner.map((one) => (one === undefined ? 1 : alternativesOf(one))));
}

function trueOrFalse(value: Json, at: string, issues: InputIssue[]): void {
  if (typeof value !== 'boolean') issues.push({ at, why: 'expected true or false' });
}
