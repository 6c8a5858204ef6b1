// Makes text that agents wrote harmless where it is shown. Used by board.ts, measure.ts and the formats.

import { visible } from '../base/display.ts';

/** Escapes characters that a terminal or reader would obey or not show, and replaces lone surrogates. */
export function inert(text: string): string {
  return visible(text.replace(/\p{Cs}/gu, '\ufffd'));
}

/** The same on one line: each run of white space becomes one space. */
export function inertLine(text: string): string {
  return inert(text.replace(/\s+/gu, ' '));
}
