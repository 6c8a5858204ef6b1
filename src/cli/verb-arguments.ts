// Parses the arguments of the verbs that main.ts runs itself: switches, texts, counts and positional words. Used by
// verbs/.

import { parseArgs } from 'node:util';
import { fail, type InputIssue, ok, type Result } from '../failure/failure.ts';

export interface Accepted<S extends string, T extends string, C extends string, L extends string> {
  switches?: readonly S[];
  texts?: readonly T[];
  /** Texts that may be given more than once. */
  lists?: readonly L[];
  /** Whole numbers from 0. */
  counts?: readonly C[];
  /** The names of the positional words, all of which are required. */
  words?: readonly string[];
}

export interface Given<S extends string, T extends string, C extends string, L extends string> {
  has(name: S): boolean;
  text(name: T): string | undefined;
  list(name: L): string[];
  count(name: C): number | undefined;
  words: string[];
}

/** Parses arguments. Fails with `invalid-input`: at the first unknown option, else with all faults at once. */
export function readArguments<
  S extends string = never,
  T extends string = never,
  C extends string = never,
  L extends string = never,
>(args: readonly string[], accepted: Accepted<S, T, C, L>): Result<Given<S, T, C, L>> {
  const { switches = [], texts = [], lists = [], counts = [], words = [] } = accepted;
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> = {};
  for (const name of lists) options[name] = { type: 'string', multiple: true };
  for (const name of switches) options[name] = { type: 'boolean' };
  for (const name of [...texts, ...counts]) options[name] = { type: 'string' };
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const expected = Object.keys(options).map((name) => `--${name}`);
    const why = error instanceof Error ? error.message : 'not understood';
    return fail({ code: 'invalid-input', issues: [{ at: '', why }], expected });
  }
  const { values, positionals } = parsed;
  const issues: InputIssue[] = [];
  for (const name of counts) {
    const text = values[name];
    if (typeof text === 'string' && !/^\d{1,15}$/.test(text))
      issues.push({ at: `--${name}`, why: 'expected a whole number' });
  }
  for (const name of words.slice(positionals.length)) issues.push({ at: `<${name}>`, why: 'is missing' });
  for (const extra of positionals.slice(words.length)) issues.push({ at: extra, why: 'is one argument too many' });
  if (issues.length > 0) return fail({ code: 'invalid-input', issues });
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return ok({
    has: (name) => values[name] === true,
    text,
    list: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    count: (name) => (text(name) === undefined ? undefined : Number(text(name))),
    words: positionals,
  });
}
