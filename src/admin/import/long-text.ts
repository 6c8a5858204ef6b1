// Splits a text that is longer than a description may be: what does not fit goes on in the task's details, which no
// limit cuts. Used by prepare.ts.

import { MAX_TEXT_CHARS } from '../../config/limits.ts';

const GOES_ON = '\n\n(goes on in details)';

/** The description, and what follows it; together they are the whole text. */
export function splitText(text: string): { description: string; details?: string } {
  if (text.length <= MAX_TEXT_CHARS) return { description: text };
  const most = MAX_TEXT_CHARS - GOES_ON.length;
  // At the end of a line, unless that would move more than a tenth of what fits.
  const line = text.lastIndexOf('\n', most);
  let at = line > most * 0.9 ? line : most;
  if (/[\ud800-\udbff]/.test(text[at - 1] ?? '')) at -= 1;
  return { description: `${text.slice(0, at)}${GOES_ON}`, details: text.slice(at) };
}
