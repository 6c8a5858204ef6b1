// The type of a prompt: a slash command whose text leads an agent through the right tools in the right order. One file
// per prompt in this folder; index.ts lists them, serve.ts registers them on the server.

import { randomUUID } from 'node:crypto';
import type { Services } from '../app/services.ts';
import type { View } from '../documents/documents.ts';

export interface PromptArgument {
  name: string;
  description: string;
  required?: boolean;
  /** The completions that a client may offer, the likeliest first. */
  complete?(view: View, services: Services): Iterable<string>;
}

/** The given arguments by name. An empty one is absent. */
export type Given = Readonly<Partial<Record<string, string>>>;

export interface Prompt {
  /** noun or verb_noun: clients show it after a slash. */
  name: string;
  title: string;
  description: string;
  /** In the order in which clients fill them by position, so the most used first. */
  arguments: readonly PromptArgument[];
  /** The text of the message. Each call in it is on a line of its own, made by `call`. */
  text(given: Given, services: Services): string | Promise<string>;
}

/** A tool call as an agent can make it, on a line of its own. Values in angle brackets come from an earlier answer. */
export function call(tool: string, args: Readonly<Record<string, unknown>> = {}): string {
  return `\n   ${tool} ${JSON.stringify(args)}`;
}

/** A new request_id. A used one would get the answer of the earlier call, without a second effect. */
export function fresh(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}

/** Numbered steps. */
export function steps(...texts: (string | undefined)[]): string {
  return texts
    .filter((text) => text !== undefined)
    .map((text, index) => `${index + 1}. ${text}`)
    .join('\n');
}

/** The arguments that have a value: an absent one must not appear in a call. */
export function present(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
