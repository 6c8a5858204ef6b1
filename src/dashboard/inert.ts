// Foreign text that can do nothing where it is shown. Used by board.ts, measure.ts and the formats.

import { visible } from '../base/display.ts';

/** What a terminal or reader would obey, or not show, escaped; halves of characters replaced. */
export function inert(text: string): string {
  return visible(text.replace(/\p{Cs}/gu, '\ufffd'));
}

/** The same on one line: white space is one space. */
export function inertLine(text: string): string {
  return inert(text.replace(/\s+/gu, ' '));
}
