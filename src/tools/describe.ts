// Describes tools for clients: the entry of tools/list, with facts for the command line and the documents.
// scripts/gen.ts writes the result to src/generated/tools.json, so that a server makes no schemas at its start.

import { z } from 'zod';
import type { Toolset } from '../config/config.ts';
import type { JsonObject } from '../json/json.ts';
import type { Tool } from './define.ts';
import { SHARED_ARGUMENTS } from './shared/shared-arguments.ts';

/** One entry of src/generated/tools.json. */
export interface Listing {
  toolset: Toolset;
  optIn: boolean;
  positional: string[];
  /** The entry of tools/list. */
  tool: ListedTool;
}

export interface ListedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: ObjectSchema;
  outputSchema: ObjectSchema;
  annotations: {
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
  _meta: JsonObject;
}

export interface ObjectSchema {
  [key: string]: unknown;
  type: 'object';
  properties: Record<string, JsonObject>;
  required?: string[];
}

/** The listing of one tool. Throws if its input is not one flat object, which some clients would show as empty. */
export function describeTool<P>(tool: Tool<P>): Listing {
  const meta: JsonObject = {};
  if (tool.alwaysLoad === true) meta['anthropic/alwaysLoad'] = true;
  if (tool.searchHint !== undefined) meta['anthropic/searchHint'] = tool.searchHint;
  return {
    toolset: tool.toolset,
    optIn: tool.optIn === true,
    positional: tool.positional ?? [],
    tool: {
      name: tool.name,
      title: tool.title,
      description: leanDescription(tool),
      inputSchema: withoutShared(objectSchema(tool.input, 'input', tool.name)),
      outputSchema: withoutEnvelope(objectSchema(tool.output, 'output', tool.name)),
      annotations: {
        readOnlyHint: tool.annotations.readOnly,
        destructiveHint: tool.annotations.destructive,
        idempotentHint: tool.annotations.idempotent,
        openWorldHint: tool.annotations.openWorld === true,
      },
      _meta: meta,
    },
  };
}

/** The unabridged description and input schema of a tool, for docs/tools.md. */
export function fullTool<P>(tool: Tool<P>): Pick<ListedTool, 'description' | 'inputSchema'> {
  return { description: tool.description, inputSchema: rawSchema(tool.input, 'input', tool.name) };
}

/**
 * The description for tools/list. Only tools that are always loaded describe their answer in advance; for others the
 * sentence that begins with "Answers" is left to docs/tools.md, because the answer shows its members itself.
 */
function leanDescription<P>(tool: Tool<P>): string {
  const [purpose = ''] = tool.description.split(/ Answers (?=\{)/);
  return tool.alwaysLoad === true ? tool.description : purpose;
}

const SHARED = SHARED_ARGUMENTS.flatMap(({ names }) => names);

function withoutShared(schema: ObjectSchema): ObjectSchema {
  leaveShared(schema);
  // What few calls need stands in the documents that a description names.
  for (const [name, { listed }] of Object.entries(schema.properties))
    if (listed === false) delete schema.properties[name];
  // An answer that was cut says so: what is usual tells a model nothing.
  delete schema.properties.limit?.default;
  // The server refuses unknown arguments and names the known ones: no schema needs to say so.
  const { additionalProperties: _, ...lean } = schema;
  return lean;
}

/** Removes the descriptions of shared arguments, also within objects and lists. */
function leaveShared(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('properties' in schema && typeof schema.properties === 'object' && schema.properties !== null)
    for (const [name, property] of Object.entries(schema.properties))
      if (SHARED.includes(name)) delete (property as JsonObject).description;
  for (const item of Object.values(schema)) leaveShared(item);
}

/** Removes the members that any answer may have: the instructions explain them, and every schema allows them. */
function withoutEnvelope(schema: ObjectSchema): ObjectSchema {
  delete schema.properties.note;
  delete schema.properties.replayed;
  return schema;
}

/** All listings, sorted by name. */
export function describeTools<P>(tools: readonly Tool<P>[]): Listing[] {
  return tools.map((tool) => describeTool(tool)).sort((a, b) => (a.tool.name < b.tool.name ? -1 : 1));
}

function objectSchema(schema: z.ZodObject, io: 'input' | 'output', name: string): ObjectSchema {
  const found = rawSchema(schema, io, name, io === 'input' ? dropNoise : dropProse);
  // A later version may add members to an answer: a client with the old schema must not refuse them. Only the top level
  // of an input is marked as strict.
  const strict = io === 'input' && found.additionalProperties === false;
  if (io === 'output') for (const property of Object.values(found.properties)) promiseLess(property);
  loosen(found);
  if (io === 'input') for (const property of Object.values(found.properties)) shorten(property);
  if (strict) found.additionalProperties = false;
  return found;
}

function rawSchema(
  schema: z.ZodObject,
  io: 'input' | 'output',
  name: string,
  keep?: (key: string, value: unknown) => unknown,
): ObjectSchema {
  // Every client reads draft 7. Without "$schema" newer ones assume their own default, so only features of both are
  // used.
  const {
    $schema,
    '~standard': _,
    ...made
  } = z.toJSONSchema(schema, { target: 'draft-7', io, unrepresentable: 'any' });
  const found = JSON.parse(JSON.stringify(made, keep)) as JsonObject;
  if (!isObjectSchema(found)) throw new Error(`tool ${name}: its ${io} is not one flat object`);
  return found;
}

function isObjectSchema(schema: JsonObject): schema is ObjectSchema & JsonObject {
  return (
    schema.type === 'object' &&
    typeof schema.properties === 'object' &&
    !('anyOf' in schema || 'oneOf' in schema || 'allOf' in schema)
  );
}

/** Limits that the server checks and names in its failures: in a listing they would cost every model tokens. */
const LIMITS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'propertyNames', 'pattern', 'exclusiveMinimum'];

/** Drops limits, the bounds ±(2^53 − 1) that zod gives every integer, and minima of 0 or 1. */
function dropNoise(key: string, value: unknown): unknown {
  if (LIMITS.includes(key) && typeof value !== 'object') return undefined;
  if (key === 'propertyNames') return undefined;
  if (key === 'maximum' && typeof value === 'number' && value > 1_000) return undefined;
  if (key === 'minimum' && typeof value === 'number' && value <= 1) return undefined;
  return value;
}

/** Drops descriptions and enums of answers: clients do not show the output schema to a model. */
function dropProse(key: string, value: unknown): unknown {
  const prose = (key === 'description' && typeof value === 'string') || (key === 'enum' && Array.isArray(value));
  return prose ? undefined : dropNoise(key, value);
}

/** How deep the members of objects within an answer are listed: those of its parts, and none below. */
const LISTED_LEVELS = 1;

/** Removes `required` below the top level of an answer, and members further below: docs/tools.md describes all. */
function promiseLess(schema: unknown, level = 1): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('required' in schema && Array.isArray(schema.required)) delete schema.required;
  const isObject = 'properties' in schema && typeof schema.properties === 'object';
  if (isObject && level > LISTED_LEVELS) delete schema.properties;
  for (const item of Object.values(schema)) promiseLess(item, isObject ? level + 1 : level);
}

/**
 * Shortens an argument without loss for a model: a default that any reader assumes is left out, a seq or text is listed
 * as text, and an object whose schema has the meta member `membersListed: false` is listed without its members.
 */
function shorten(property: JsonObject): void {
  if (ASSUMED.includes(JSON.stringify(property.default))) delete property.default;
  if (property.membersListed === false) {
    delete property.properties;
    delete property.membersListed;
  }
  if (JSON.stringify(property.anyOf) !== SEQ_OR_TEXT) return;
  delete property.anyOf;
  property.type = 'string';
}

const ASSUMED = ['false', '0', '[]', '"$"'];
const SEQ_OR_TEXT = JSON.stringify([{ type: 'integer' }, { type: 'string' }]);

function loosen(schema: unknown): void {
  if (Array.isArray(schema)) for (const item of schema) loosen(item);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return;
  if ('additionalProperties' in schema) {
    const { additionalProperties: more } = schema;
    // `{}` allows anything, as its absence does, and causes warnings in schema linters.
    if (more === false || JSON.stringify(more) === '{}') delete schema.additionalProperties;
  }
  for (const item of Object.values(schema)) loosen(item);
}
