// Turns a tool's input schema into options of the command line, and the given words into the tool's input. Used by
// program.ts and values.ts.

import { Option } from 'commander';
import { isObject, type Json, type JsonObject } from '../json/json.ts';
import type { ObjectSchema } from '../tools/describe.ts';

export interface ArgumentOption {
  key: string;
  option: Option;
  /** The hidden option that names a file with the value; absent for switches. */
  fileOption?: Option;
}

/** One option per argument: `if_etag` becomes `--if-etag`; an argument that defaults to true becomes `--no-…`. */
export function optionsFor(schema: ObjectSchema): ArgumentOption[] {
  return Object.entries(schema.properties).map(([key, property]) => {
    const name = key.replaceAll('_', '-');
    const help = [describe(property), schema.required?.includes(key) ? '(required)' : '']
      .filter((part) => part !== '')
      .join(' ');
    if (property.type !== 'boolean') {
      const fileOption = new Option(`--${name}-file <path>`).hideHelp();
      return { key, option: new Option(`--${name} <${valueName(property)}>`, help), fileOption };
    }
    return { key, option: new Option(property.default === true ? `--no-${name}` : `--${name}`, help) };
  });
}

/** The input of a tool, from words and switches by argument. */
export function inputFrom(schema: ObjectSchema, given: ReadonlyMap<string, unknown>): JsonObject {
  const input: JsonObject = {};
  for (const [key, value] of given) {
    if (typeof value === 'boolean') input[key] = value;
    else if (typeof value === 'string') input[key] = convert(value, schema.properties[key] ?? {});
  }
  return input;
}

/** A word as a value of its schema's type. One that does not fit stays text, so that the tool reports the fault. */
function convert(word: string, property: JsonObject): Json {
  switch (property.type) {
    case 'string':
      return word;
    case 'integer':
    case 'number': {
      const number = Number(word);
      return word.trim() !== '' && Number.isFinite(number) ? number : word;
    }
    case 'boolean':
      return word === 'true' ? true : word === 'false' ? false : word;
    case 'array':
      return word.trimStart().startsWith('[') || !holdsText(property)
        ? parsed(word)
        : word.split(',').map((part) => part.trim());
    default:
      return parsed(word);
  }
}

function holdsText(property: JsonObject): boolean {
  return isObject(property.items) && property.items.type === 'string';
}

function parsed(word: string): Json {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
}

function valueName(property: JsonObject): string {
  if (Array.isArray(property.enum)) return 'choice';
  if (property.type === 'array') return holdsText(property) ? 'a,b,…' : 'json';
  return typeof property.type === 'string' && property.type !== 'object' ? property.type : 'json';
}

function describe(property: JsonObject): string {
  const text = typeof property.description === 'string' ? property.description : '';
  const choices = Array.isArray(property.enum) ? `[${property.enum.join('|')}]` : '';
  const otherwise =
    property.default === undefined || property.default === true ? '' : `(default ${JSON.stringify(property.default)})`;
  return [text, choices, otherwise].filter((part) => part !== '').join(' ');
}
