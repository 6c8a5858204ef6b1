// What a prompt is: a slash command whose text leads an agent through the right tools in the right order. One file per
// prompt in this folder; index.ts lists them; serve.ts puts them on the server.

import { randomUUID } from 'node:crypto';
import type { Services } from '../app/services.ts';
import type { View } from '../documents/documents.ts';

export interface PromptArgument {
  name: string;
  description: string;
  required?: boolean;
  /** What a client may offer while it is typed, the likeliest first. */
  complete?(view: View, services: Services): Iterable<string>;
}

/** Arguments as given; an empty one counts as absent. */
export type Given = Readonly<Partial<Record<string, string>>>;

export interface Prompt {
  /** noun or verb_noun: clients show it after a slash. */
  name: string;
  title: string;
  description: string;
  /** In the order in which clients fill them by position: what is said most often first. */
  arguments: readonly PromptArgument[];
  /** The message. Each call stands on a line of its own, made by `call`. */
  text(given: Given, services: Services): string | Promise<string>;
}

/** A call as an agent can make it, on a line of its own. Angle brackets stand for what an earlier answer says. */
export function call(tool: string, args: Readonly<Record<string, unknown>> = {}): string {
  return `\n   ${tool} ${JSON.stringify(args)}`;
}

/** A request_id that was never used: the same one twice would be answered with what the first made. */
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

/** Only what was given: an argument that is absent must not stand in a call. */
export function present(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
