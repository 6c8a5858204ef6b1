// Checks values against the JSON Schemas of a project: what underSchemas is handed, so that the domain loads no library.
//
// By zod, and not by ajv, which the MCP SDK brings along: ajv writes code from a schema and says itself that it trusts
// schemas as it trusts the program, but ours come from a model. zod's own reading of JSON Schema passes over what it does
// not know, so it is only given the plain form of readSchema, in which nothing is left to pass over; `jitless` keeps it
// from writing code too. The tests hold what it says against ajv.

import { z } from 'zod';
import { readSchema } from '../domain/project/schema-rules.ts';
import type { CheckSchema, SchemaFault } from '../domain/project/state-schemas.ts';
import { isObject, type Json, type JsonObject } from '../json/json.ts';

/** Schemas kept ready; the longest unused goes first. */
const KEPT = 100;
const FOUND_CHARS = 60;

type Issue = z.core.$ZodIssue;

/** A checker with a memory for the schemas it has read. */
export function schemaChecker(): CheckSchema {
  const kept = new Map<string, z.ZodType>();
  return (schema, value) => {
    const text = JSON.stringify(schema);
    const known = kept.get(text) ?? compile(schema);
    kept.delete(text);
    kept.set(text, known);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    const result = known.safeParse(value, { jitless: true });
    const [first] = result.success ? [] : result.error.issues;
    return first === undefined ? undefined : faultOf(first, value);
  };
}

function compile(schema: Json): z.ZodType {
  const plain = withShortMatches(readSchema(schema, '').plain);
  // A registry of its own: what a schema says of itself must not pile up in zod's.
  return z.fromJSONSchema(plain as z.core.JSONSchema.JSONSchema, { registry: z.registry() });
}

const BEFORE_PATTERN = /^\^\(\?=\[\\s\\S\]\{0,\d+\}\$\)\[\\s\\S\]\*\?\(\?:(.*)\)$/s;

/** maxLength does not keep zod from matching a longer text: the pattern itself must not look at one. */
function withShortMatches(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(withShortMatches);
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, withShortMatches(value)]);
  const copy: JsonObject = Object.fromEntries(entries);
  if (schema.type === 'string' && typeof schema.pattern === 'string')
    copy.pattern = `^(?=[\\s\\S]{0,${schema.maxLength}}$)[\\s\\S]*?(?:${schema.pattern})`;
  return copy;
}

function faultOf(issue: Issue, value: Json): SchemaFault {
  const at = issue.path.filter((key) => typeof key !== 'symbol');
  const found = at.reduce<Json | undefined>((parent, key) => childOf(parent, key), value);
  const missing = found === undefined;
  return { at, rule: missing ? 'required' : ruleOf(issue), found: missing ? 'nothing' : shown(found) };
}

/** The keyword of the schema that an issue is about, and what it asks for. */
function ruleOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'never') return 'false: nothing may stand here';
      return `type ${issue.expected === 'int' ? 'integer' : issue.expected}`;
    case 'invalid_value':
      return `enum ${JSON.stringify(issue.values)}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'exclusiveMinimum' : boundOf('min', issue.origin)} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'exclusiveMaximum' : boundOf('max', issue.origin)} ${issue.maximum}`;
    case 'not_multiple_of':
      return `multipleOf ${issue.divisor}`;
    case 'invalid_format':
      return issue.format === 'regex' ? `pattern ${patternOf(issue.pattern)}` : `format ${issue.format}`;
    case 'unrecognized_keys':
      return `additionalProperties false, without ${issue.keys.slice(0, 5).join(', ').slice(0, 200)}`;
    case 'invalid_union':
      return ofUnion(issue);
    default:
      return issue.message;
  }
}

function boundOf(bound: 'min' | 'max', origin: string): string {
  if (origin === 'string') return `${bound}Length`;
  if (origin === 'array') return `${bound}Items`;
  return origin === 'object' ? `${bound}Properties` : `${bound}imum`;
}

/** As the schema has it: without the slashes that zod puts round it, and without what withShortMatches put before it. */
function patternOf(pattern: string | undefined): string {
  const inner = (pattern ?? '').replace(/^\/(.*)\/[a-z]*$/s, '$1');
  return BEFORE_PATTERN.exec(inner)?.[1] ?? inner;
}

function ofUnion(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  if (issue.errors.length === 0) return 'oneOf: more than one of its schemas fits';
  const firsts = issue.errors.flatMap(([first]) => (first?.path.length === 0 ? [first] : []));
  const simple = firsts.every(({ code }) => code === 'invalid_type' || code === 'invalid_value');
  if (!simple || firsts.length < issue.errors.length) return `anyOf: none of its ${issue.errors.length} schemas fits`;
  // An enum of values of several types is a union of its values.
  const values = firsts.flatMap((first) => (first.code === 'invalid_value' ? first.values : []));
  if (values.length === firsts.length) return `enum ${JSON.stringify(values)}`.slice(0, 300);
  return [...new Set(firsts.map(ruleOf))].join(' or ').slice(0, 300);
}

function childOf(parent: Json | undefined, key: string | number): Json | undefined {
  if (typeof parent !== 'object' || parent === null) return undefined;
  return Array.isArray(parent) ? parent[Number(key)] : Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function shown(value: Json): string {
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? `array of ${value.length}` : 'an object';
  const text = JSON.stringify(value);
  return text.length <= FOUND_CHARS ? text : `${text.slice(0, FOUND_CHARS)}…`;
}
