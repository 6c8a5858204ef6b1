// Lays rows out as a table of exactly a given width: drops columns marked `spare` first, then cuts long texts. Used by
// text.ts.

import { alignOf, type Reading, readable } from '../cells.ts';
import type { Column, ShownSection } from '../define.ts';
import { MAX_WRAPPED_CHARS, pad, plain, widthOf } from '../measure.ts';
import type { Tone } from './define.ts';
import type { Span } from './tone.ts';

const GAP = 2;
/**
 * Least widths: a text keeps GOOD_TEXT while a spare column can be dropped, and MIN_TEXT before other columns are cut
 * too; these keep MIN_COLUMN if they can.
 */
const GOOD_TEXT = 16;
const MIN_TEXT = 10;
const MIN_COLUMN = 3;

export interface Grid {
  width: number;
  columns: readonly Column[];
  widths: readonly number[];
  titles: readonly string[];
  cells: readonly (readonly string[])[];
}

/** The width of a section of which nothing is cut or dropped. */
export function naturalWidth(section: Pick<ShownSection, 'columns' | 'rows'>, reading: Reading): number {
  const { widths } = layOut(section, Number.MAX_SAFE_INTEGER, reading);
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

/** Chooses the columns to show and their widths, so that the table takes at most `width`. */
export function layOut(section: Pick<ShownSection, 'columns' | 'rows'>, width: number, reading: Reading): Grid {
  // Columns without any value are left out.
  let columns = section.columns.filter(
    ({ key, quiet }) => quiet !== true && section.rows.some((row) => row[key] !== undefined && row[key] !== ''),
  );
  const texts = section.rows.map(
    (row) =>
      new Map(
        columns.map((column) => [
          column.key,
          plain(readable(row[column.key], column, reading), column.wraps === true ? MAX_WRAPPED_CHARS : undefined),
        ]),
      ),
  );
  const natural = new Map(
    columns.map(({ key, title }) => [
      key,
      Math.max(widthOf(title), ...texts.map((row) => widthOf(row.get(key) ?? ''))),
    ]),
  );
  const needed = (floor: (column: Column) => number): number =>
    columns.reduce((sum, column) => sum + floor(column) + GAP, -GAP);
  const least = (column: Column): number => Math.min(natural.get(column.key) ?? 0, isText(column) ? GOOD_TEXT : 40);
  while (needed(least) > width) {
    const spare = columns.reduce<Column | undefined>(
      (most, column) => ((column.spare ?? 0) > (most?.spare ?? 0) ? column : most),
      undefined,
    );
    if (spare === undefined) break;
    columns = columns.filter((column) => column !== spare);
  }
  const widths = shrink(columns, natural, width);
  return {
    width,
    columns,
    widths,
    titles: columns.map(({ title }) => title),
    cells: texts.map((row) => columns.map(({ key }) => row.get(key) ?? '')),
  };
}

function isText({ kind }: Column): boolean {
  return kind === 'text' || kind === 'prose' || kind === 'who';
}

/** Natural widths, reduced until all fit: the widest texts first, other columns only if that is not enough. */
function shrink(columns: readonly Column[], natural: ReadonlyMap<string, number>, width: number): number[] {
  const widths = columns.map(({ key }) => natural.get(key) ?? 0);
  const room = width - GAP * (columns.length - 1);
  for (const [texts, floor] of [
    [true, MIN_TEXT],
    [false, MIN_COLUMN],
    [false, 1],
    [false, 0],
  ] as const) {
    for (let over = widths.reduce((sum, one) => sum + one, 0) - room; over > 0; over -= 1) {
      let widest = -1;
      for (const [index, column] of columns.entries()) {
        if (texts && !isText(column)) continue;
        if ((widths[index] ?? 0) > floor && (widths[index] ?? 0) > (widths[widest] ?? 0)) widest = index;
      }
      if (widest < 0) break;
      widths[widest] = (widths[widest] ?? 1) - 1;
    }
  }
  return widths;
}

/** One line of a grid, exactly as wide as the grid. */
export function gridLine(
  grid: Grid,
  cells: readonly string[],
  tone: (column: Column, text: string) => Tone | undefined,
): Span[] {
  const spans: Span[] = [];
  let used = 0;
  for (const [index, column] of grid.columns.entries()) {
    const width = Math.min(grid.widths[index] ?? 0, Math.max(0, grid.width - used - (index > 0 ? GAP : 0)));
    if (width === 0) continue;
    if (index > 0) spans.push([' '.repeat(GAP), undefined]);
    const text = cells[index] ?? '';
    spans.push([pad(text, width, alignOf(column)), tone(column, text)]);
    used += width + (index > 0 ? GAP : 0);
  }
  spans.push([' '.repeat(Math.max(0, grid.width - used)), undefined]);
  return spans;
}
