// The words of a command line as the input of a tool, with values that stand in files or on standard input instead, so
// that no secret has to be an argument. Used by tool-command.ts.

import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import { fail, type InputIssue, ok, type Result } from '../failure/failure.ts';
import type { JsonObject } from '../json/json.ts';
import type { ObjectSchema } from '../tools/describe.ts';
import { inputFrom } from './arguments.ts';
import { readTextFiles } from './text-file.ts';

export interface Words {
  /** Options by the argument that they give. */
  given: ReadonlyMap<string, unknown>;
  /** Files by the argument whose value they hold. */
  files: ReadonlyMap<string, string>;
  positional: readonly string[];
  words: readonly string[];
}

/** The input of a tool. Fails with `invalid-input` for files that cannot be read and values that are broken JSON. */
export async function readInput(schema: ObjectSchema, given: Words, cwd: string): Promise<Result<JsonObject>> {
  const named = new Map<string, unknown>();
  given.positional.forEach((key, index) => {
    if (given.words[index] !== undefined) named.set(key, given.words[index]);
  });
  for (const [key, value] of given.given) named.set(key, value);
  const sources = new Map(given.files);
  for (const [key, value] of named) if (value === '-') sources.set(key, '-');
  const prompt = `the value of ${[...sources.keys()].join(', ')}`;
  const source = { cwd, at: [...sources.keys()].join(', '), maxBytes: MAX_MESSAGE_BYTES, prompt };
  const texts = await readTextFiles([...sources.values()], source);
  if (!texts.ok) return texts;
  [...sources.keys()].forEach((key, index) => {
    named.set(key, texts.value[index]);
  });
  const issues = [...named].flatMap(([key, value]) => brokenJson(key, value, schema));
  if (issues.length > 0) return fail({ code: 'invalid-input', issues });
  return ok(inputFrom(schema, named));
}

/** A word that begins as JSON and is none was meant as JSON: stored as text it would be found out much later. */
function brokenJson(at: string, value: unknown, schema: ObjectSchema): InputIssue[] {
  const type = schema.properties[at]?.type;
  const mayBeText = type === 'string' || type === 'boolean';
  if (typeof value !== 'string' || mayBeText || !/^\s*[[{"]/.test(value)) return [];
  try {
    JSON.parse(value);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 120) : 'not JSON';
    return [{ at, why: `is broken JSON (${why}); quote it for the shell, or give a text as '"…"'` }];
  }
}
