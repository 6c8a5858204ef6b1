// Renders JSON Schemas as text, for the columns of types and limits in docs/tools.md. Called by docs.ts.

import type { FieldType } from '../src/graph/fields.ts';

/** The part of JSON Schema that the tools use. */
export interface Property {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Property[];
  items?: Property;
  properties?: Record<string, Property>;
  required?: string[];
  additionalProperties?: boolean | Property;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
}

/** The type of a schema as text: `string[]`, `todo | done`, `{key: string, needs?: string[]}`. */
export function typeText(schema: Property): string {
  if (schema.enum !== undefined) return schema.enum.join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map((one) => nested(one)))].join(' | ');
  if (schema.type === 'array') {
    const item = nested(schema.items ?? {});
    return / \| /.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.type === 'object') return objectText(schema);
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  return schema.type ?? 'any';
}

/** The limits that the type does not show: `1–5`, `at most 20 items, each at most 64 characters`; or undefined. */
export function limitText(schema: Property): string | undefined {
  const numbers = rangeText(schema.minimum ?? schema.exclusiveMinimum, schema.maximum);
  const own = [
    numbers,
    between(schema.minLength, schema.maxLength, 'characters'),
    between(schema.minItems, schema.maxItems, 'items'),
    schema.pattern === undefined ? undefined : `matches \`${schema.pattern}\``,
  ];
  const each = schema.items === undefined || schema.items.type === 'object' ? undefined : limitText(schema.items);
  const all = [...own, each === undefined ? undefined : `each ${each}`].filter((one) => one !== undefined);
  return all.length === 0 ? undefined : all.join(', ');
}

/** The description of a node's field as a schema. */
export function propertyOf(field: FieldType): Property {
  switch (field.type) {
    case 'text':
    case 'argument':
      return { type: 'string', maxLength: field.max };
    case 'number':
      return { type: field.whole === true ? 'integer' : 'number', minimum: field.min, maximum: field.max };
    case 'flag':
      return { type: 'boolean' };
    case 'choice':
      return { enum: [...field.of] };
    case 'list':
      return { type: 'array', items: propertyOf(field.of), maxItems: field.max };
    case 'map':
      return { type: 'object', additionalProperties: propertyOf(field.of) };
    case 'group': {
      const properties = Object.entries(field.fields).map(([name, one]) => [name, propertyOf(one)] as const);
      return { type: 'object', properties: Object.fromEntries(properties) };
    }
    case 'json':
      return {};
  }
}

function objectText({ properties, required = [], additionalProperties: more }: Property): string {
  if (properties === undefined) return typeof more === 'object' ? `{[name]: ${nested(more)}}` : '{[name]: any}';
  const members = Object.entries(properties).map(
    ([name, one]) => `${name}${required.includes(name) ? '' : '?'}: ${nested(one)}`,
  );
  return `{${members.join(', ')}}`;
}

/** The type of a part, with a number's range in it, since a nested type has no column of limits. */
function nested(schema: Property): string {
  const range = rangeText(schema.minimum ?? schema.exclusiveMinimum, schema.maximum);
  return range === undefined ? typeText(schema) : `${typeText(schema)} ${range}`;
}

function rangeText(min: number | undefined, max: number | undefined): string | undefined {
  // Every integer schema has the bounds of safe integers, which are not worth showing.
  const [least, most] = [min, max].map((one) =>
    Math.abs(one ?? Infinity) >= Number.MAX_SAFE_INTEGER ? undefined : one,
  );
  if (least === undefined && most === undefined) return undefined;
  if (least === undefined) return `at most ${figure(most)}`;
  return most === undefined ? `at least ${figure(least)}` : `${figure(least)}–${figure(most)}`;
}

function between(min: number | undefined, max: number | undefined, what: string): string | undefined {
  if (max === undefined) return min === undefined ? undefined : `at least ${figure(min)} ${what}`;
  return min === undefined || min === 0 ? `at most ${figure(max)} ${what}` : `${figure(min)}–${figure(max)} ${what}`;
}

function figure(value: number | undefined): string {
  return (value ?? 0).toLocaleString('en');
}
