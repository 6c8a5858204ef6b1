// The definition of a tool, which serves MCP, the command line and the documents. Every file <noun>-<verb>.ts in this
// folder calls defineTool; call/call.ts runs the result.

import { z } from 'zod';
import type { Toolset } from '../config/config.ts';
import { MAX_MESSAGE_BYTES, MAX_VALUE_DEPTH } from '../config/limits.ts';
import { fail, type InputIssue, ok, type Result } from '../failure/failure.ts';
import { checkValue } from '../json/limits.ts';
import { type OwnFaults, refusalOf } from './shared/issues.ts';
import { readingOf } from './shared/readings.ts';

/** What a call may use beside its input. `P` is the type of the services that app/ hands to tools. */
export interface Call<P> {
  services: P;
  /** Aborted when the client cancels, the deadline passes or the server closes. */
  signal: AbortSignal;
  /** Milliseconds since the epoch; a tool must stop waiting before. */
  deadlineAt: number;
  /** Tells the client the call's progress, if it asked for it. `done` must grow; other values are dropped. */
  progress(done: number, total?: number, message?: string): void;
  /** W3C trace context of the caller, if it sent one. */
  traceparent?: string | undefined;
}

export interface ToolAnnotations {
  readOnly: boolean;
  destructive: boolean;
  idempotent: boolean;
  /** Reaches beyond the store. Default false. */
  openWorld?: boolean;
}

export interface AnswerLimits {
  /** What the caller can narrow if an answer is too large, such as "path or limit". */
  narrow: string;
  /** The longest answer in characters of JSON. Default 20,000. */
  maxChars?: number;
  /** The longest duration of a call in seconds. Default 30; tools that wait set more. */
  maxSeconds?: number;
}

interface ToolFacts {
  /** noun_verb. The CLI says `baton <noun> <verb>`. */
  name: string;
  title: string;
  toolset: Toolset;
  /** Listed only if asked for by name or with `all`; it can be called even if not listed. */
  optIn?: boolean;
  /** Opens with when to use it. At most 1,024 characters. */
  description: string;
  /** Words for a client's tool search; required unless the tool is always loaded. */
  searchHint?: string;
  /**
   * The client's model sees it without searching. Reserved for a few tools, as each costs tokens in every conversation.
   */
  alwaysLoad?: boolean;
  annotations: ToolAnnotations;
  answers: AnswerLimits;
  /** Arguments that the command line takes by position. */
  positional?: string[];
  /** The key of an answer that is a screen or a file: the command line prints its value alone, unchanged. */
  printed?: string;
}

export interface ToolSpec<P, I extends z.ZodObject, O extends z.ZodObject> extends ToolFacts {
  /** A z.strictObject, each key with .describe(); no union at the top. */
  input: I;
  /** A z.object. `note` and `replayed` are added to that of every tool. */
  output: O;
  /** What the tool itself finds wrong with an input that fits: told beside the unknown keys that would hide it. */
  faults?(input: z.output<I>): InputIssue[];
  /** The call of another tool that a call makes as well: policies are asked about both. */
  also?(input: z.output<I>): AlsoCalled | undefined;
  run(input: z.output<I>, call: Call<P>): Promise<Result<z.input<O> & Envelope>>;
}

/** Members that any answer may have. */
export interface Envelope {
  /** One line: unread mail, the store is stopped, a warning. */
  note?: string | undefined;
  /** True for the stored answer of a repeated request_id; nothing was done now. */
  replayed?: boolean | undefined;
}

export interface Tool<P> extends ToolFacts {
  input: z.ZodObject;
  output: z.ZodObject;
  /** Checks and parses the input. All its faults are reported at once. */
  read(given: unknown): Result<ReadInput>;
  also(input: ReadInput): AlsoCalled | undefined;
  run(input: ReadInput, call: Call<P>): Promise<Result<object>>;
  /** Reads the input, then runs. */
  invoke(given: unknown, call: Call<P>): Promise<Result<object>>;
}

export interface AlsoCalled {
  tool: string;
  input: object;
}

/** An input that fits its schema. */
export interface ReadInput {
  /** As it was sent, or as it was read: without defaults. */
  given: unknown;
  parsed: unknown;
  /** What was read as something else, for the answer's note. */
  taken: string[];
}

// Limits for the input of every tool: depth, and keys that do harm wherever a value is stored. A little deeper than one
// value may be, because values are within the arguments, and as large as a message; tools set narrower limits for
// values that they store.
const inputLimits = { depth: MAX_VALUE_DEPTH + 10, bytes: MAX_MESSAGE_BYTES };

const namePattern = /^[a-z]+_[a-z]+$/;

/** Makes a tool. Throws at start, and in the tests, if the definition breaks a rule of this file. */
export function defineTool<P, I extends z.ZodObject, O extends z.ZodObject>(spec: ToolSpec<P, I, O>): Tool<P> {
  const { run, also, faults: own, input, output, ...facts } = spec;
  const read = (given: unknown) => readInput(input, given, (parsed) => own?.(parsed as z.output<I>) ?? []);
  const faults = definitionFaults(facts, Object.keys(input.shape));
  if (faults.length > 0) throw new Error(`tool ${spec.name}: ${faults.join('; ')}`);
  return {
    ...facts,
    input,
    // Without descriptions: docs/tools.md explains these two members once for all tools.
    output: output.extend({ note: z.string().optional(), replayed: z.boolean().optional() }),
    read,
    also: ({ parsed }) => also?.(parsed as z.output<I>),
    run: ({ parsed }, call) => run(parsed as z.output<I>, call),
    async invoke(given, call) {
      const taken = read(given);
      return taken.ok ? await run(taken.value.parsed as z.output<I>, call) : taken;
    },
  };
}

function readInput(schema: z.ZodObject, given: unknown, own: OwnFaults): Result<ReadInput> {
  const checked = checkValue(given, inputLimits);
  if (!checked.ok) return checked;
  const parsed = schema.safeParse(given, { reportInput: true });
  if (parsed.success) return ok({ given, parsed: parsed.data, taken: [] });
  const reading = readingOf(schema, given, parsed.error);
  if (!('taken' in reading)) return fail(refusalOf(reading, schema, { given, own }));
  // A text that was read as JSON may hold what no value may.
  const again = checkValue(reading.input, inputLimits);
  if (!again.ok) return again;
  return ok({ given: reading.input, parsed: schema.parse(reading.input), taken: reading.taken });
}

function definitionFaults(facts: ToolFacts, keys: string[]): string[] {
  const faults: string[] = [];
  if (!namePattern.test(facts.name)) faults.push('a name is noun_verb');
  if (facts.description.length > 1024) faults.push(`description has ${facts.description.length} of 1,024 characters`);
  if (facts.annotations.readOnly && facts.annotations.destructive) faults.push('read-only and destructive at once');
  for (const name of facts.positional ?? []) if (!keys.includes(name)) faults.push(`positional ${name} is no argument`);
  return faults;
}
