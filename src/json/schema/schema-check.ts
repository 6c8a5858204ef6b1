// Checks values against JSON Schemas that schema-rules.ts accepted: interprets the schema keyword by keyword, and stops
// at the first fault. Called by state-schemas.ts. Pure.
//
// Not a library, because the schemas come from a model. ajv, a dependency of the MCP SDK, generates code from a schema,
// is by its own documentation not made for untrusted schemas, and throws at values with a key such as "valueOf". zod's
// conversion of JSON Schema ignores what it does not know: maxItems without items, a required key that has
// alternatives. The tests compare every answer with ajv's.

import { isObject, type Json, type JsonObject } from '../json.ts';
import { deepEqual } from '../merge.ts';
import { defsOf, refName, type SCHEMA_FORMATS, type SCHEMA_TYPES } from './schema-rules.ts';

/** The first fault of a value by its schema. */
export interface SchemaFault {
  /** The place in the value. */
  at: (string | number)[];
  /** The keyword of the schema and its argument, such as `maxLength 20`. */
  rule: string;
  /** The value there, shortened. */
  found: string;
}

const FOUND_CHARS = 60;
const RULE_CHARS = 300;

/**
 * The first fault of a value, or undefined if it satisfies the schema. Contract: `schemaFaults` found none in the
 * schema.
 */
export function faultIn(schema: Json, value: Json): SchemaFault | undefined {
  return check(schema, value, [], defsOf(schema));
}

type Place = readonly (string | number)[];
type Defs = Readonly<JsonObject>;

function check(schema: Json, value: Json, at: Place, defs: Defs): SchemaFault | undefined {
  if (schema === false) return fault('false: nothing may stand here', value, at);
  if (!isObject(schema)) return undefined;
  const broken = ofAnyType(schema, value) ?? ofItsType(schema, value);
  if (broken !== undefined) return fault(broken, value, at);
  return inside(schema, value, at, defs) ?? combined(schema, value, at, defs);
}

function fault(rule: string, value: Json | undefined, at: Place): SchemaFault {
  return { at: [...at], rule: rule.slice(0, RULE_CHARS), found: value === undefined ? 'nothing' : shown(value) };
}

function shown(value: Json): string {
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? `array of ${value.length}` : 'an object';
  const text = JSON.stringify(value);
  return text.length <= FOUND_CHARS ? text : `${text.slice(0, FOUND_CHARS)}…`;
}

function ofAnyType({ type, enum: choices, const: only }: JsonObject, value: Json): string | undefined {
  if (type !== undefined) {
    const types = [type].flat();
    if (!types.some((one) => IS[one as (typeof SCHEMA_TYPES)[number]](value))) return `type ${types.join(' or ')}`;
  }
  if (Array.isArray(choices) && !choices.some((choice) => deepEqual(choice, value)))
    return `enum ${JSON.stringify(choices)}`;
  return only !== undefined && !deepEqual(only, value) ? `const ${JSON.stringify(only)}` : undefined;
}

const IS: Record<(typeof SCHEMA_TYPES)[number], (value: Json) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  object: isObject,
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

/** Keywords of one type do not apply to values of another. */
function ofItsType(schema: JsonObject, value: Json): string | undefined {
  if (typeof value === 'string') return ofString(schema, value);
  if (typeof value === 'number') return ofNumber(schema, value);
  if (Array.isArray(value)) return ofArray(schema, value);
  return isObject(value) ? ofObject(schema, value) : undefined;
}

function ofString({ minLength, maxLength, pattern, format }: JsonObject, value: string): string | undefined {
  // In code points, as JSON Schema counts; `length` of a string counts UTF-16 units.
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length;
  if (typeof maxLength === 'number' && length > maxLength) return `maxLength ${maxLength}`;
  if (typeof minLength === 'number' && length < minLength) return `minLength ${minLength}`;
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) return `pattern ${pattern}`;
  if (typeof format !== 'string') return undefined;
  return FORMATS[format as (typeof SCHEMA_FORMATS)[number]](value) ? undefined : `format ${format}`;
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** By RFC 3339, 4122 and 3986. */
const FORMATS: Record<(typeof SCHEMA_FORMATS)[number], (value: string) => boolean> = {
  date: isDate,
  time: (value) => TIME.test(value),
  'date-time': (value) => isDate(value.slice(0, 10)) && /^t$/i.test(value.charAt(10)) && TIME.test(value.slice(11)),
  uuid: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  uri: (value) => /^[a-z][a-z0-9+.-]{0,30}:/i.test(value) && URL.canParse(value),
};

function isDate(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const ms = Date.parse(value);
  // Date.parse takes 31 April for 1 May.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value);
}

function ofNumber(schema: JsonObject, value: number): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === 'number' && value < minimum) return `minimum ${minimum}`;
  if (typeof maximum === 'number' && value > maximum) return `maximum ${maximum}`;
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return `exclusiveMinimum ${exclusiveMinimum}`;
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) return `exclusiveMaximum ${exclusiveMaximum}`;
  return typeof multipleOf === 'number' && value % multipleOf !== 0 ? `multipleOf ${multipleOf}` : undefined;
}

function ofArray({ minItems, maxItems, uniqueItems }: JsonObject, value: readonly Json[]): string | undefined {
  if (typeof minItems === 'number' && value.length < minItems) return `minItems ${minItems}`;
  if (typeof maxItems === 'number' && value.length > maxItems) return `maxItems ${maxItems}`;
  const isUnique = uniqueItems !== true || new Set(value.map(canonical)).size === value.length;
  return isUnique ? undefined : 'uniqueItems';
}

/** The same text for values that are equal as JSON: keys sorted. */
function canonical(value: Json): string {
  const sorted = (_: string, part: Json): Json =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part;
  return JSON.stringify(value, sorted);
}

function ofObject({ minProperties, maxProperties }: JsonObject, value: JsonObject): string | undefined {
  const count = Object.keys(value).length;
  if (typeof minProperties === 'number' && count < minProperties) return `minProperties ${minProperties}`;
  return typeof maxProperties === 'number' && count > maxProperties ? `maxProperties ${maxProperties}` : undefined;
}

/** Keywords that apply other schemas to the value itself. */
function combined(schema: JsonObject, value: Json, at: Place, defs: Defs): SchemaFault | undefined {
  const { $ref: ref, not, anyOf, oneOf, allOf } = schema;
  const name = refName(ref);
  const referred = name === undefined ? undefined : check(defs[name] ?? true, value, at, defs);
  if (referred !== undefined) return referred;
  for (const one of Array.isArray(allOf) ? allOf : []) {
    const broken = check(one, value, at, defs);
    if (broken !== undefined) return broken;
  }
  if (not !== undefined && check(not, value, at, defs) === undefined) return fault('not', value, at);
  for (const choices of [anyOf, oneOf]) {
    if (!Array.isArray(choices)) continue;
    const faults = choices.flatMap((one) => check(one, value, at, defs) ?? []);
    if (faults.length === choices.length) return ofChoices(faults, value, at);
    if (choices === oneOf && faults.length < choices.length - 1) return fault('oneOf: more than one fits', value, at);
  }
  return undefined;
}

/**
 * The most telling of several faults: which types or values are allowed, or the fault of the only schema whose type
 * fits.
 */
function ofChoices(faults: readonly SchemaFault[], value: Json, at: Place): SchemaFault {
  const others = faults.filter((one) => one.at.length > at.length || !/^(type|enum|const) /.test(one.rule));
  const [only] = others;
  if (only !== undefined && others.length === 1) return only;
  const rules = [...new Set(faults.map(({ rule }) => rule))].join(' or ');
  return fault(others.length === 0 ? rules : `anyOf: none of ${faults.length} schemas fits`, value, at);
}

/** Keywords that apply schemas to members and elements. */
function inside(schema: JsonObject, value: Json, at: Place, defs: Defs): SchemaFault | undefined {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return undefined;
    for (const [index, item] of value.entries()) {
      const broken = check(items, item, [...at, index], defs);
      if (broken !== undefined) return broken;
    }
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { required, properties, additionalProperties: rest } = schema;
  for (const key of Array.isArray(required) ? required : [])
    if (!Object.hasOwn(value, String(key))) return fault('required', undefined, [...at, String(key)]);
  const named = isObject(properties) ? properties : {};
  for (const [key, member] of Object.entries(value)) {
    const one = Object.hasOwn(named, key) ? named[key] : rest;
    if (one === false && rest === false && !Object.hasOwn(named, key))
      return fault('additionalProperties false', member, [...at, key]);
    const broken = one === undefined ? undefined : check(one, member, [...at, key], defs);
    if (broken !== undefined) return broken;
  }
  return undefined;
}
