// A tool as clients see it: the entry of tools/list, and what the CLI and the documents need beside it. scripts/gen.ts
// writes these into src/generated/tools.json, so that a server does no schema work when it starts.

import { z } from 'zod';
import type { Toolset } from '../config.ts';
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
      description: tool.description,
      inputSchema: objectSchema(tool.input, 'input', tool.name),
      outputSchema: objectSchema(tool.output, 'output', tool.name),
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

/** All listings, by name, so that the list is the same whatever the order of definition. */
export function describeTools<P>(tools: readonly Tool<P>[]): Listing[] {
  return tools.map((tool) => describeTool(tool)).sort((a, b) => (a.tool.name < b.tool.name ? -1 : 1));
}

function objectSchema(schema: z.ZodObject, io: 'input' | 'output', name: string): ObjectSchema {
  // Draft 7 is what every client reads; without "$schema" newer ones take their own default, and we use only what both share.
  const {
    $schema,
    '~standard': _,
    ...made
  } = z.toJSONSchema(schema, { target: 'draft-7', io, unrepresentable: 'any' });
  const found = JSON.parse(JSON.stringify(made, dropNoise)) as JsonObject;
  if (!isObjectSchema(found)) throw new Error(`tool ${name}: its ${io} is not one flat object`);
  // An answer may gain keys in a later version: a client that kept the old schema must not refuse it.
  if (io === 'output') loosen(found);
  return found;
}

function isObjectSchema(schema: JsonObject): schema is ObjectSchema & JsonObject {
  return (
    schema.type === 'object' &&
    typeof schema.properties === 'object' &&
    !('anyOf' in schema || 'oneOf' in schema || 'allOf' in schema)
  );
}

/** Every integer gets ±(2^53 − 1) as bounds, which says nothing and costs tokens. */
function dropNoise(key: string, value: unknown): unknown {
  if (key === 'maximum' && value === Number.MAX_SAFE_INTEGER) return undefined;
  if (key === 'minimum' && value === Number.MIN_SAFE_INTEGER) return undefined;
  return value;
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
