// What a tool is: one definition that serves MCP, the CLI and the documents. Every file <noun>-<verb>.ts in this folder
// calls defineTool; call/call.ts runs the result.

import { z } from 'zod';
import type { Toolset } from '../config/config.ts';
import { MAX_MESSAGE_BYTES, MAX_VALUE_DEPTH } from '../config/limits.ts';
import { fail, type Result } from '../failure/failure.ts';
import { checkValue } from '../json/limits.ts';
import { inputIssues } from './shared/issues.ts';

/** What one call may know and use besides its input. `P` is whatever the composition root hands to tools. */
export interface Call<P> {
  services: P;
  /** Aborted when the client cancels, the deadline passes or the server closes. */
  signal: AbortSignal;
  /** Milliseconds since the epoch: waiting must end before. */
  deadlineAt: number;
  /** Tells the client how far the call is, if it asked to know. `done` must grow; what does not is dropped. */
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
  /** What the caller can narrow when an answer is above the limit, such as "path or limit". */
  narrow: string;
  /** Default 20,000 characters of JSON. */
  maxChars?: number;
  /** How long a call may take. Default 30; tools that wait say more. */
  maxSeconds?: number;
}

interface ToolFacts {
  /** noun_verb. The CLI says `baton <noun> <verb>`. */
  name: string;
  title: string;
  toolset: Toolset;
  /** Listed only if asked for by name or with `all`. It can be called all the same. */
  optIn?: boolean;
  /** Opens with when to use it. At most 1,024 characters. */
  description: string;
  /** Words that a client's tool search may look for; every tool that is not always loaded has some. */
  searchHint?: string;
  /** The client's model sees it without searching. Few may. */
  alwaysLoad?: boolean;
  annotations: ToolAnnotations;
  answers: AnswerLimits;
  /** Arguments that the CLI takes by position. */
  positional?: string[];
  /**
   * The key of the answer that is a screen or a file by itself: where there is one, the CLI prints it alone and as it
   * is.
   */
  printed?: string;
}

export interface ToolSpec<P, I extends z.ZodObject, O extends z.ZodObject> extends ToolFacts {
  /** A z.strictObject, each key with .describe(); no union at the top. */
  input: I;
  /** A z.object. `note` and `replayed` are added to every tool's. */
  output: O;
  run(input: z.output<I>, call: Call<P>): Promise<Result<z.input<O> & Envelope>>;
}

/** What any answer may add. */
export interface Envelope {
  /** One line: unread mail, a stale lease, a warning. */
  note?: string | undefined;
  /** This answer was given before, for the same request_id; nothing was done now. */
  replayed?: boolean | undefined;
}

export interface Tool<P> extends ToolFacts {
  input: z.ZodObject;
  output: z.ZodObject;
  /** Parses the input, then runs. All faults of the input come back at once. */
  invoke(input: unknown, call: Call<P>): Promise<Result<object>>;
}

// The net under every tool: depth and keys that would do harm wherever a value ends up. A little deeper than one value
// may be (it stands inside the arguments), and as large as a message; tools set the narrower limits of what they store.
const inputLimits = { depth: MAX_VALUE_DEPTH + 10, bytes: MAX_MESSAGE_BYTES };

const namePattern = /^[a-z]+_[a-z]+$/;

/** Makes a tool. Throws, at start and in the tests, if the definition breaks a rule of this file. */
export function defineTool<P, I extends z.ZodObject, O extends z.ZodObject>(spec: ToolSpec<P, I, O>): Tool<P> {
  const { run, input, output, ...facts } = spec;
  const faults = definitionFaults(facts, Object.keys(input.shape));
  if (faults.length > 0) throw new Error(`tool ${spec.name}: ${faults.join('; ')}`);
  return {
    ...facts,
    input,
    // Without descriptions: every tool has these two, and what they mean stands once, in docs/tools.md.
    output: output.extend({ note: z.string().optional(), replayed: z.boolean().optional() }),
    async invoke(given, call) {
      const checked = checkValue(given, inputLimits);
      if (!checked.ok) return checked;
      const parsed = input.safeParse(given, { reportInput: true });
      if (!parsed.success) return fail(inputIssues(parsed.error, input));
      return await run(parsed.data, call);
    },
  };
}

function definitionFaults(facts: ToolFacts, keys: string[]): string[] {
  const faults: string[] = [];
  if (!namePattern.test(facts.name)) faults.push('a name is noun_verb');
  if (facts.description.length > 1024) faults.push(`description has ${facts.description.length} of 1,024 characters`);
  if (facts.annotations.readOnly && facts.annotations.destructive) faults.push('read-only and destructive at once');
  for (const name of facts.positional ?? []) if (!keys.includes(name)) faults.push(`positional ${name} is no argument`);
  return faults;
}
