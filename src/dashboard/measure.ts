// Measures, cuts and pads text in columns of a terminal: wide characters (CJK, emoji) take two, combining ones none.
// Used by the formats text and kanban, and by status-line.ts.

import stringWidth from 'string-width';
import { inertLine } from './inert.ts';

/** Longer text is cut before it is measured: no line shows more, and measuring is slow. */
const MAX_CHARS = 400;
/** The same for text that is broken into lines: a reason or a goal is shown whole. */
export const MAX_WRAPPED_CHARS = 2_000;

/** Characters of one column each, which nearly all cells consist of: such text is measured without the library. */
const NARROW = /^[\x20-\x7e·…─│█░]*$/;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The columns that a line takes. Contract: it went through `plain`. */
export function widthOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** Text that agents wrote, as one harmless line: see inert.ts. */
export function plain(text: string, most = MAX_CHARS): string {
  const line = inertLine(text.slice(0, most));
  return NARROW.test(line) ? line : standingAlone(line);
}

/**
 * A combining mark at the start would join the text before the line, a prefix at the end the text after it: a dotted
 * circle is added for them to join.
 */
function standingAlone(line: string): string {
  const [first] = segmenter.segment(` ${line}`);
  const last = [...segmenter.segment(`${line} `)].at(-1);
  return `${first?.segment === ' ' ? '' : '\u25cc'}${line}${last?.segment === ' ' ? '' : '\u25cc'}`;
}

/** A line cut to at most `width` columns, an ellipsis for the rest included. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  return widthOf(text) <= width ? text : `${startOf(text, width - 1)}…`;
}

/** The longest start of a line, in whole grapheme clusters, that takes at most `width` columns. */
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

/** A line cut or padded to exactly `width` columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return align === 'right' ? space + shown : shown + space;
}

/** A text in at most `most` lines, broken between words if possible, and cut at the end. Contract: see `plain`. */
export function wrapped(text: string, width: number, most = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < most - 1 && widthOf(rest) > width) {
    let line = startOf(rest, width);
    const space = line.lastIndexOf(' ');
    if (space > 0 && rest[line.length] !== ' ') line = line.slice(0, space);
    if (line === '') break;
    lines.push(line);
    rest = rest.slice(line.length).trimStart();
  }
  return [...lines, cut(rest, width)];
}
