// A board as a boxed screen. Every line takes exactly the given width, whatever characters the texts hold.

import type { Cell } from '../../views/source.ts';
import { type Reading, readable } from '../cells.ts';
import type { Board, Column, Row, ShownSection } from '../define.ts';
import { cut, MAX_WRAPPED_CHARS, pad, plain, widthOf, wrapped } from '../measure.ts';
import type { FormatOptions, Paint, Tone } from './define.ts';
import { type Grid, gridLine, layOut, naturalWidth } from './grid.ts';
import { type Span, toneOf } from './tone.ts';

/** The least width, below which no frame fits. */
export const MIN_WIDTH = 40;
/** From this width on, two sections marked `half` share a line even if they must be cut. */
const PAIR_WIDTH = 100;
const FACT_GAP = 3;
const INDENT = 2;

export function renderText(board: Board, options: FormatOptions): string {
  const width = Math.max(MIN_WIDTH, options.width);
  const frame = new Frame(width, options.paint ?? ((text) => text));
  const time = `${board.at.slice(0, 10)} ${board.at.slice(11, 19)}Z`;
  frame.top(`Baton · ${board.title}`, `${plain(board.project)} · seq ${board.seq} · ${time}`);
  const reading = { now: options.now, names: board.names };
  for (const group of groups(board.sections, width, reading)) frame.sections(group, reading);
  if (board.hint !== undefined) frame.foot(`> ${plain(board.hint)}`);
  return frame.finish();
}

/**
 * The sections in groups of one or two. Two consecutive sections marked `half` stand side by side if the screen is
 * wide, or has room for both uncut.
 */
function groups(sections: readonly ShownSection[], width: number, reading: Reading): ShownSection[][] {
  const [left, right] = halvesOf(width);
  const narrow = (section: ShownSection, room: number): boolean =>
    section.half === true && section.rows.length > 0 && (width >= PAIR_WIDTH || fitsInto(section, room, reading));
  const found: ShownSection[][] = [];
  for (const section of sections) {
    const last = found.at(-1);
    const [before] = last ?? [];
    const pairs = last?.length === 1 && before !== undefined && narrow(before, left) && narrow(section, right);
    if (pairs) last.push(section);
    else found.push([section]);
  }
  return found;
}

/** The inner widths of two sections side by side: the width without the frame and the line between them. */
function halvesOf(width: number): [left: number, right: number] {
  const both = width - 4 - 3;
  return [Math.floor(both / 2), both - Math.floor(both / 2)];
}

/** Whether a section fits without cutting its table, or any single fact of it. */
function fitsInto(section: ShownSection, width: number, reading: Reading): boolean {
  if (section.facts !== true) return naturalWidth(section, reading) <= width;
  const [row = {}] = section.rows;
  return section.columns.every(
    (column) =>
      column.wraps === true ||
      widthOf(plain(readable(row[column.key], column, reading))) + widthOf(column.title) < width,
  );
}

class Frame {
  private readonly width: number;
  private readonly paint: Paint;
  private readonly lines: string[] = [];
  /** The column of the vertical line between the two sections above; undefined if there is one section. */
  private middle: number | undefined;

  constructor(width: number, paint: Paint) {
    this.width = width;
    this.paint = paint;
  }

  top(left: string, right: string): void {
    const inner = this.width - 2;
    const room = inner - 4 - 2 - widthOf(left);
    const shown = room >= 8 ? ` ${cut(right, room - 2)} ` : '';
    const title = cut(left, inner - 4);
    const fill = '─'.repeat(inner - 3 - widthOf(title) - widthOf(shown) - (shown === '' ? 0 : 1));
    const end = shown === '' ? '╮' : '─╮';
    this.add([
      ['╭─ ', 'frame'],
      [title, 'title'],
      [' ', 'frame'],
      [fill, 'frame'],
      [shown, 'dim'],
      [end, 'frame'],
    ]);
  }

  sections(group: readonly ShownSection[], reading: Reading): void {
    const [first, second] = group;
    if (first === undefined) return;
    const all = this.width - 4;
    if (second === undefined) {
      this.rule([titleOf(first)], undefined);
      for (const line of bodyOf(first, all, reading)) this.row([line]);
      return;
    }
    const [left, right] = halvesOf(this.width);
    this.rule([titleOf(first), titleOf(second)], left + 3);
    const one = bodyOf(first, left, reading);
    const two = bodyOf(second, right, reading);
    for (let at = 0; at < Math.max(one.length, two.length); at += 1) {
      this.row([one[at] ?? blank(left), two[at] ?? blank(right)]);
    }
  }

  foot(text: string): void {
    this.rule([''], undefined);
    this.row([[[pad(text, this.width - 4), 'heading']]]);
  }

  finish(): string {
    this.add([[this.joined('╰', '╯', undefined, undefined), 'frame']]);
    return this.lines.join('\n');
  }

  /** Adds the line above a group of sections; `middle`: the column of the vertical line below it. */
  private rule(titles: readonly string[], middle: number | undefined): void {
    const line = this.joined('├', '┤', this.middle, middle);
    this.middle = middle;
    const spans: Span[] = [];
    let at = 0;
    const starts = [3, (middle ?? 0) + 3];
    const rooms = middle === undefined ? [this.width - 6] : [middle - 5, this.width - middle - 6];
    for (const [index, title] of titles.entries()) {
      if (title === '') continue;
      const start = starts[index] ?? 3;
      const shown = cut(title, (rooms[index] ?? 0) - 1);
      spans.push([`${line.slice(at, start - 1)} `, 'frame'], [shown, 'heading'], [' ', 'frame']);
      at = start + widthOf(shown) + 1;
    }
    this.add([...spans, [line.slice(at), 'frame']]);
  }

  private joined(start: string, end: string, above: number | undefined, below: number | undefined): string {
    const up = above ?? (start === '╰' ? this.middle : undefined);
    const line = `${start}${'─'.repeat(this.width - 2)}${end}`;
    const marks: [number, string][] = [];
    if (up !== undefined) marks.push([up, up === below ? '┼' : '┴']);
    if (below !== undefined && below !== up) marks.push([below, '┬']);
    return marks.reduce((text, [at, mark]) => text.slice(0, at) + mark + text.slice(at + 1), line);
  }

  private row(cells: readonly Span[][]): void {
    const spans: Span[] = [['│ ', 'frame']];
    for (const [index, cell] of cells.entries()) {
      if (index > 0) spans.push([' │ ', 'frame']);
      spans.push(...cell);
    }
    this.add([...spans, [' │', 'frame']]);
  }

  private add(spans: readonly Span[]): void {
    this.lines.push(spans.map(([text, tone]) => (tone === undefined ? text : this.paint(text, tone))).join(''));
  }
}

function titleOf(section: ShownSection): string {
  if (section.rows.length === 0) return `${section.title}: none`;
  return section.facts === true ? section.title : `${section.title} (${section.total})`;
}

function blank(width: number): Span[] {
  return [[' '.repeat(width), undefined]];
}

/** The lines of a section, each exactly `width` wide. */
function bodyOf(section: ShownSection, width: number, reading: Reading): Span[][] {
  const [first] = section.rows;
  if (first === undefined) return [];
  if (section.facts === true) return factLines(section.columns, first, width, reading);
  // Texts that must not be cut stand below their rows, unless all fits into one line.
  const fits = naturalWidth(section, reading) <= width;
  const below = fits ? [] : section.columns.filter(({ wraps }) => wraps === true);
  const columns = section.columns.filter((column) => !below.includes(column));
  const grid: Grid = layOut({ ...section, columns }, width, reading);
  const lines = section.bare === true ? [] : [gridLine(grid, grid.titles, () => 'dim')];
  for (const [index, cells] of grid.cells.entries()) {
    lines.push(gridLine(grid, cells, (column, text) => toneOf(column, text)));
    const row = section.rows[index] ?? {};
    for (const { key, title } of below) {
      const text = plain(String(row[key] ?? ''), MAX_WRAPPED_CHARS);
      const broken = text === '' ? [] : wrapped(`${title}: ${text}`, width - INDENT);
      for (const line of broken) lines.push([[pad(' '.repeat(INDENT) + line, width), undefined]]);
    }
  }
  const left = section.total - section.rows.length;
  if (left > 0) {
    const where = section.more === undefined ? '' : `: ${plain(section.more)}`;
    lines.push([[pad(`… ${left} more${where}`, width), 'dim']]);
  }
  return lines;
}

/** Facts as `title value`, filled into lines like words. */
function factLines(columns: readonly Column[], row: Row, width: number, reading: Reading): Span[][] {
  const facts = columns.flatMap((column): { title: string; text: string; tone: Tone | undefined }[] => {
    const value: Cell | undefined = row[column.key];
    if (value === undefined) return [];
    const title = `${cut(column.title, Math.max(1, width - 2))} `;
    const whole = plain(readable(value, column, reading), MAX_WRAPPED_CHARS);
    const text = column.wraps === true ? whole : cut(whole, width - widthOf(title));
    return [{ title, text, tone: toneOf(column, text) }];
  });
  if (facts.length === 0) return [[[pad('none', width), 'dim']]];
  const lines: Span[][] = [];
  let spans: Span[] = [];
  let used = 0;
  const end = (): void => {
    lines.push([...spans, [' '.repeat(width - used), undefined]]);
    spans = [];
    used = 0;
  };
  for (const { title, text, tone } of facts) {
    const item = widthOf(title) + widthOf(text);
    if (item > width) {
      if (used > 0) end();
      for (const line of wrapped(title + text, width)) lines.push([[pad(line, width), tone]]);
      continue;
    }
    if (used > 0 && used + FACT_GAP + item > width) end();
    if (used > 0) spans.push([' '.repeat(FACT_GAP), undefined]);
    spans.push([title, 'dim'], [text, tone]);
    used += item + (used > 0 ? FACT_GAP : 0);
  }
  if (used > 0) end();
  return lines;
}
