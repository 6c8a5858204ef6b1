// A tool as clients see it: the entry of tools/list, and what the CLI and the documents need beside it. scripts/gen.ts
// writes these into src/generated/tools.json, so that a server does no schema work when it starts.

import { z } from 'zod';
import type { Toolset } from '../config/config.ts';
import type { JsonObject } from '../json/json.ts';
import type { Tool } from './define.ts';

/** One entry of src/generated/tools.json. */
export interface Listing {
  toolset: Toolset;
  optIn: boolean;
  positional: string[];
  /** What tools/list sends, as it is. */
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

/** A tool with everything there is to say, limits too: for docs/tools.md. */
export function fullTool<P>(tool: Tool<P>): Pick<ListedTool, 'description' | 'inputSchema'> {
  return { description: tool.description, inputSchema: rawSchema(tool.input, 'input', tool.name) };
}

/**
 * What an answer holds shows when it is there: only the tools that a model always has before it say so beforehand. The
 * sentence that begins with "Answers" is for docs/tools.md.
 */
function leanDescription<P>(tool: Tool<P>): string {
  const [purpose = ''] = tool.description.split(/ Answers (?=\{)/);
  return tool.alwaysLoad === true ? tool.description : purpose;
}

/** Arguments that mean the same in every tool: the server's instructions explain them once. */
const SHARED_ARGUMENTS = [
  ...['session', 'request_id', 'cursor', 'limit', 'if_version', 'if_etag'],
  ...['claim', 'force', 'archived', 'dry_run', 'wait_s'],
];

function withoutShared(schema: ObjectSchema): ObjectSchema {
  for (const name of SHARED_ARGUMENTS) delete schema.properties[name]?.description;
  // The server refuses unknown arguments, and names those it expects: no model needs to be told so for each tool.
  const { additionalProperties: _, ...lean } = schema;
  return lean;
}

/** What any answer may add is said by the instructions, and allowed by every schema. */
function withoutEnvelope(schema: ObjectSchema): ObjectSchema {
  delete schema.properties.note;
  delete schema.properties.replayed;
  return schema;
}

/** All listings, by name, so that the list is the same whatever the order of definition. */
export function describeTools<P>(tools: readonly Tool<P>[]): Listing[] {
  return tools.map((tool) => describeTool(tool)).sort((a, b) => (a.tool.name < b.tool.name ? -1 : 1));
}

function objectSchema(schema: z.ZodObject, io: 'input' | 'output', name: string): ObjectSchema {
  const found = rawSchema(schema, io, name, io === 'input' ? dropNoise : dropProse);
  // An answer may gain keys in a later version: a client that kept the old schema must not refuse it. Of an input only
  // the top says that it is strict.
  const strict = io === 'input' && found.additionalProperties === false;
  if (io === 'output') for (const property of Object.values(found.properties)) promiseLess(property);
  loosen(found);
  if (strict) found.additionalProperties = false;
  return found;
}

function rawSchema(
  schema: z.ZodObject,
  io: 'input' | 'output',
  name: string,
  keep?: (key: string, value: unknown) => unknown,
): ObjectSchema {
  // Draft 7 is what every client reads; without "$schema" newer ones take their own default, and we use only what both
  // share.
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

/**
 * Limits that the server enforces and names in its failures: in a listing they cost every model tokens and help none.
 */
const LIMITS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'propertyNames', 'pattern', 'exclusiveMinimum'];

/** Every integer gets ±(2^53 − 1) as bounds, which says nothing; a minimum of 0 or 1 goes without saying. */
function dropNoise(key: string, value: unknown): unknown {
  if (LIMITS.includes(key) && typeof value !== 'object') return undefined;
  if (key === 'propertyNames') return undefined;
  if (key === 'maximum' && typeof value === 'number' && value > 1_000) return undefined;
  if (key === 'minimum' && typeof value === 'number' && value <= 1) return undefined;
  return value;
}

/** Answers describe themselves in the tool's description: no client shows a model the output schema. */
function dropProse(key: string, value: unknown): unknown {
  const prose = (key === 'description' && typeof value === 'string') || (key === 'enum' && Array.isArray(value));
  return prose ? undefined : dropNoise(key, value);
}

/** Only the top of an answer says what is always there: what its parts hold is for docs and for who reads them. */
function promiseLess(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('required' in schema && Array.isArray(schema.required)) delete schema.required;
  for (const item of Object.values(schema)) promiseLess(item);
}

function loosen(schema: unknown): void {
  if (Array.isArray(schema)) for (const item of schema) loosen(item);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return;
  if ('additionalProperties' in schema) {
    const { additionalProperties: more } = schema;
    // `{}` allows anything, as leaving it out does, and costs a linter's warning at every reader.
    if (more === false || JSON.stringify(more) === '{}') delete schema.additionalProperties;
  }
  for (const item of Object.values(schema)) loosen(item);
}
