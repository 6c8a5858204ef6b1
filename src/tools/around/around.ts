// What stands round every tool: asked before its call, told its answer. One wrapper for all of it, since each further
// one would be a promise more in every call. Put round the tools by tools/index.ts.

import type { Services } from '../../app/services.ts';
import { type Failure, fail, ok } from '../../failure/failure.ts';
import type { Call, ReadInput, Tool } from '../define.ts';
import { withNote } from '../shared/note.ts';

type Soon<T> = T | Promise<T>;

export interface Around {
  /** Why the call must not be made; undefined if it may. */
  before?(tool: Tool<Services>, input: ReadInput, call: Call<Services>): Soon<Failure | undefined>;
  /** The answer as the client gets it. Asked of answers alone, not of failures. */
  after?(tool: Tool<Services>, answer: object, call: Call<Services>): Soon<object>;
}

/**
 * The tool, with all of them round it: the input is read, then `before` in the order of the list, the call, and `after`
 * in that order.
 */
export function surround(tool: Tool<Services>, arounds: readonly Around[]): Tool<Services> {
  return {
    ...tool,
    async invoke(given, call) {
      const read = tool.read(given);
      if (!read.ok) return read;
      const { taken } = read.value;
      for (const { before } of arounds) {
        const refused = before?.(tool, read.value, call);
        const failure = refused instanceof Promise ? await refused : refused;
        if (failure !== undefined) return fail(failure);
      }
      const result = await tool.run(read.value, call);
      if (!result.ok) return result;
      let answer = taken.length === 0 ? result.value : withNote(result.value, `taken: ${taken.join(', ')}`);
      for (const { after } of arounds) {
        const told = after?.(tool, answer, call) ?? answer;
        answer = told instanceof Promise ? await told : told;
      }
      return ok(answer);
    },
  };
}
