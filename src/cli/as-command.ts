// Rewrites the tool calls in a hint as commands, because a person at a terminal cannot call tools. Used by complain.ts.

import { isObject, type Json } from '../json/json.ts';

/** A tool's name, with its arguments in braces if they follow. */
const CALL = /\b([a-z]+)_([a-z]+)\b(?: ?(\{[^{}]*\}))?/g;
/** `key: value` or `"key": value`; a value is text in quotes, a list, or a word up to the next comma. */
const ARGUMENT = /"?([a-z_]+)"?\s*(?::\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,{}]+))?\s*(?:,|\}|$)/g;

export interface KnownTool {
  name: string;
  /** The arguments that a command takes by position, in order. */
  positional: readonly string[];
}

/** The text with every call of a known tool as `baton <noun> <verb> …`; all other words stay. */
export function asCommands(text: string, tools: readonly KnownTool[]): string {
  return text.replace(CALL, (whole, noun: string, verb: string, braces: string | undefined) => {
    const tool = tools.find(({ name }) => name === `${noun}_${verb}`);
    if (tool === undefined) return whole;
    return ['baton', noun, verb, ...(braces === undefined ? [] : words(braces, tool))].join(' ');
  });
}

function words(braces: string, { positional }: KnownTool): string[] {
  const given = new Map<string, string | undefined>();
  for (const [, key = '', value] of braces.slice(1).matchAll(ARGUMENT)) given.set(key, value?.trim());
  const first: string[] = [];
  // A later position can only be given if all before it are.
  for (const key of positional) {
    const value = given.get(key);
    if (value === undefined) break;
    first.push(word(value));
    given.delete(key);
  }
  const rest = [...given].map(([key, value]) => {
    const flag = `--${key.replaceAll('_', '-')}`;
    if (value === 'true') return flag;
    return value === undefined ? `${flag} …` : `${flag} ${word(value)}`;
  });
  return [...first, ...rest];
}

/** A value as one word of a shell. */
function word(value: string): string {
  const parsed = json(value);
  if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return quoted(parsed.join(','));
  if (typeof parsed === 'string') return quoted(parsed);
  return isObject(parsed) || Array.isArray(parsed) ? quoted(value) : value;
}

function json(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function quoted(text: string): string {
  return /^[\w./:@,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
