// Reads values beyond documents within a decision. Used by the commands on runs.

import type { Context } from '../command.ts';
import type { Reader } from './given.ts';

export function readerOf(ctx: Context): Reader {
  return { stored: (hash) => ctx.stored(hash), select: (value, path) => ctx.select(value, path) };
}
