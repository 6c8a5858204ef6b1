// Packs a brief into the tokens that its holder takes. What is the work itself is never cut; the rest is, the least
// important first, and says how large it is and which call shows it. Used by brief.ts.

import { copyJson, type Json, type JsonObject } from '../../json/json.ts';

/** Characters of a token. */
const TOKEN_CHARS = 4;
/** The most tokens of a brief, whatever its holder takes: a larger answer would be refused as a whole. */
export const MOST_TOKENS = 4_000;
/** What a part keeps at least: less tells nothing. */
export const MIN_SHARE_CHARS = 200;
/** Characters that the outputs of all needs may take together. */
const INPUT_CHARS = 10_000;

/** What may be cut beside inputs, the most important first: inputs stand before them. */
const CUT_LAST_FIRST = ['work', 'item', 'result', 'last_output', 'run_inputs', 'output_schema', 'earlier'] as const;

/** How a brief of at most so many tokens is shared out among its parts. */
export class Pack {
  readonly #brief: JsonObject;
  #left: number;

  /** `brief`: without inputs. */
  constructor(brief: JsonObject, maxTokens: number) {
    this.#brief = brief;
    const fixed = Object.entries(brief).filter(([name]) => !CUT_LAST_FIRST.some((one) => one === name));
    this.#left = Math.min(MOST_TOKENS, maxTokens) * TOKEN_CHARS - JSON.stringify(Object.fromEntries(fixed)).length;
  }

  /** Adds the inputs: each gets an even share of what is left. */
  addInputs(names: readonly string[], inputOf: (name: string, share: number) => Json): void {
    const chars = Math.min(INPUT_CHARS, this.#left);
    const share = Math.max(MIN_SHARE_CHARS, Math.floor(chars / Math.max(1, names.length)));
    const inputs: JsonObject = {};
    for (const name of names) inputs[name] = inputOf(name, share);
    this.#brief.inputs = inputs;
    this.#left -= JSON.stringify(inputs).length;
  }

  /** The brief, with what has no room cut. `callFor`: the call that shows a part whole. */
  cut(callFor: (part: string) => string): JsonObject {
    for (const name of CUT_LAST_FIRST) {
      const value = this.#brief[name];
      if (value === undefined) continue;
      const part = cutTo(value, Math.max(MIN_SHARE_CHARS, this.#left), callFor(name));
      this.#brief[name] = part;
      this.#left -= JSON.stringify(part).length;
    }
    return this.#brief;
  }
}

/** A value, or its beginning with its size and the call that shows all of it. */
export function cutTo(value: Json, share: number, all: string): Json {
  const text = JSON.stringify(value);
  if (text.length <= share) return copyJson(value);
  return { cut: true, characters: text.length, start: text.slice(0, share - MIN_SHARE_CHARS / 2), all };
}
