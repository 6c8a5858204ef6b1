// Text as a terminal shows it: how many columns it takes, cut and padded to a number of them. Wide characters (CJK,
// emoji) take two, combining ones none. Used by the formats for people and by status-line.ts.

import stringWidth from 'string-width';
import { inertLine } from './inert.ts';

/** Nothing that fits a cell needs more characters, and measuring them is what takes time. */
const MAX_CHARS = 400;

/** What nearly every cell is made of, one column each: the library need not look. */
const NARROW = /^[\x20-\x7e·…─│█░]*$/;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that a line takes. Contract: it went through `plain`. */
export function widthOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/**
 * Foreign text as one harmless line: white space is one space, what a terminal would obey or not show is escaped,
 * halves of characters are replaced.
 */
export function plain(text: string): string {
  const line = inertLine(text.slice(0, MAX_CHARS));
  return NARROW.test(line) ? line : standingAlone(line);
}

/**
 * A mark without a letter would join what stands before it, and a prefix what comes after: both get a circle to join.
 */
function standingAlone(line: string): string {
  const [first] = segmenter.segment(` ${line}`);
  const last = [...segmenter.segment(`${line} `)].at(-1);
  return `${first?.segment === ' ' ? '' : '\u25cc'}${line}${last?.segment === ' ' ? '' : '\u25cc'}`;
}

/** The start of a line that takes at most so many columns; what was cut is shown by an ellipsis. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  return widthOf(text) <= width ? text : `${startOf(text, width - 1)}…`;
}

/** As many whole characters of a line as take at most so many columns. */
export function startOf(text: string, width: number): string {
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const more = widthOf(segment);
    if (used + more > width) break;
    kept += segment;
    used += more;
  }
  return kept;
}

/** Cut or padded to exactly so many columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return align === 'right' ? space + shown : shown + space;
}
