// Reads an input that does not fit its schema as the one input that does: clients send numbers, lists and objects as
// text, null for what is absent, and the status words of other programs. Where two readings fit, none is taken. Used by
// tools/define.ts for inputs that were refused; what fits is never read otherwise.

import type { z } from 'zod';
import { plainWord, statusesMeant } from '../../domain/status-words.ts';
import { parseJson } from '../../json/limits.ts';

export interface Reading {
  input: unknown;
  /** What was read as what, in words for the answer's note. */
  taken: string[];
}

/** A text in a list may hold more texts: each round reads one level. */
const ROUNDS = 3;
const SHOWN_CHARS = 60;
/** Arguments that say how something stands. */
const STANDINGS = ['status', 'column', 'decision'];
const NUMBER = /^\s*-?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,2})?\s*$/;
/** A text that can only be one element of a list. */
const ONE_WORD = /^[^\s,;|[\]{}"]{1,256}$/;

/**
 * The input read as one that the schema accepts, else the faults that are left of it: where one argument can be read
 * and another cannot, the refusal names the other alone.
 */
export function readingOf(schema: z.ZodObject, given: unknown, refused: z.ZodError): Reading | z.ZodError {
  let input = given;
  let error = refused;
  const taken: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = taken.length;
    for (const issue of error.issues) {
      const better = betterValue(issue);
      if (better === undefined) continue;
      const { path } = issue;
      taken.push(`${path.map(String).join('.') || 'arguments'}: ${shown(issue.input)} as ${shown(better.value)}`);
      input = withAt(input, path, better);
    }
    if (taken.length === before) return error;
    const parsed = schema.safeParse(input, { reportInput: true });
    if (parsed.success) return { input, taken };
    error = parsed.error;
  }
  return error;
}

/** `value` undefined: the key is left out. */
interface Better {
  value: unknown;
}

function betterValue(issue: z.core.$ZodIssue): Better | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      // A null in a list is an element; only a key can be left out.
      if (input === null) return typeof issue.path.at(-1) === 'string' ? { value: undefined } : undefined;
      return ofType(input, issue.expected);
    case 'invalid_value': {
      if (input === null) return { value: undefined };
      const [only, ...more] = meantBy(issue);
      return only === undefined || more.length > 0 ? undefined : { value: only };
    }
    case 'invalid_union': {
      if (input === null) return { value: undefined };
      const found = issue.errors.flatMap((branch) => {
        const [first, ...more] = branch;
        const better =
          first === undefined || more.length > 0 ? undefined : betterValue({ ...first, input } as z.core.$ZodIssue);
        return better === undefined ? [] : [better];
      });
      return found.length === 1 ? found[0] : undefined;
    }
    default:
      return undefined;
  }
}

function ofType(input: unknown, expected: string): Better | undefined {
  if (expected === 'string')
    return typeof input === 'number' || typeof input === 'boolean' ? { value: String(input) } : undefined;
  if (typeof input !== 'string') return undefined;
  switch (expected) {
    case 'number':
    case 'int':
      return NUMBER.test(input) ? { value: Number(input) } : undefined;
    case 'boolean': {
      const word = input.trim().toLowerCase();
      return word === 'true' || word === 'false' ? { value: word === 'true' } : undefined;
    }
    case 'array': {
      const parsed = jsonIn(input, '[');
      if (Array.isArray(parsed)) return { value: parsed };
      return ONE_WORD.test(input) ? { value: [input] } : undefined;
    }
    case 'object':
    case 'record': {
      const parsed = jsonIn(input, '{');
      return parsed === undefined ? undefined : { value: parsed };
    }
    default:
      return undefined;
  }
}

function jsonIn(text: string, begins: '[' | '{'): unknown {
  if (!text.trimStart().startsWith(begins)) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** The value with another one at a path, sharing what is beside the path. */
function withAt(at: unknown, path: readonly PropertyKey[], better: Better): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return better.value;
  if (typeof at !== 'object' || at === null) return at;
  const inner = withAt(Reflect.get(at, step), rest, better);
  if (Array.isArray(at)) return at.with(Number(step), inner);
  const { [String(step)]: _, ...others } = at as Record<string, unknown>;
  return inner === undefined && rest.length === 0 ? others : { ...others, [String(step)]: inner };
}

/** The allowed words that a word may mean: by its spelling, and where it says how something stands, by its meaning. */
export function meantBy({ input, values, path }: z.core.$ZodIssueInvalidValue): string[] {
  if (typeof input !== 'string') return [];
  const allowed = values.filter((value) => typeof value === 'string');
  if (STANDINGS.includes(String(path.at(-1)))) return statusesMeant(input, allowed);
  return allowed.filter((one) => plainWord(one) === plainWord(input));
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;
}
