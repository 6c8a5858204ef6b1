// Draws tasks as columns side by side, in exactly the given width. Used by the verb board.

import { MAX_WRAPPED_CHARS, pad, plain, widthOf, wrapped } from '../measure.ts';
import type { Paint } from './define.ts';
import { toneOf } from './tone.ts';

export interface KanbanCard {
  id: string;
  title: string;
  assignee?: string | undefined;
  points?: number | undefined;
  /** Why it is blocked. */
  why?: string | undefined;
}

export interface KanbanColumn {
  status: string;
  count: number;
  points: number;
  /** May be fewer than `count`. */
  cards: readonly KanbanCard[];
}

export interface KanbanOptions {
  width: number;
  paint?: Paint | undefined;
}

/** The least readable width of a column; columns that do not fit go to a further row. */
const MIN_COLUMN = 12;
const TITLE_LINES = 2;

/** `head`: the lines above the columns. */
export function renderKanban(
  head: readonly string[],
  columns: readonly KanbanColumn[],
  options: KanbanOptions,
): string {
  const { width } = options;
  const paint: Paint = options.paint ?? ((text) => text);
  const bar = paint('│', 'frame');
  const inner = width - 4;
  const lines = [paint(`╭${'─'.repeat(width - 2)}╮`, 'frame')];
  for (const text of head) lines.push(`${bar} ${paint(pad(plain(text), inner), 'heading')} ${bar}`);
  const most = Math.max(1, Math.floor((inner + 3) / (MIN_COLUMN + 3)));
  for (let from = 0; from < columns.length; from += most) {
    const row = columns.slice(from, from + most);
    lines.push(
      paint(`├${'─'.repeat(width - 2)}┤`, 'frame'),
      ...rowOf(row, inner, paint).map((line) => `${bar} ${line} ${bar}`),
    );
  }
  return [...lines, paint(`╰${'─'.repeat(width - 2)}╯`, 'frame')].join('\n');
}

function rowOf(columns: readonly KanbanColumn[], inner: number, paint: Paint): string[] {
  const gaps = 3 * (columns.length - 1);
  const base = Math.floor((inner - gaps) / columns.length);
  const widths = columns.map((_, index) =>
    index < columns.length - 1 ? base : inner - gaps - base * (columns.length - 1),
  );
  const texts = columns.map((column, index) => columnLines(column, widths[index] ?? 0, paint));
  const height = Math.max(...texts.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) =>
    texts.map((lines, index) => lines[at] ?? ' '.repeat(widths[index] ?? 0)).join(paint(' │ ', 'frame')),
  );
}

function columnLines({ status, count, points, cards }: KanbanColumn, width: number, paint: Paint): string[] {
  const tone = toneOf({ key: '', title: '', kind: 'status' }, status) ?? 'heading';
  const worth = points > 0 ? ` ${points} pt ` : '';
  const rule = `─${worth}${'─'.repeat(Math.max(0, width - 1 - worth.length))}`;
  const lines = [paint(pad(`${status} ${count}`, width), tone), paint(pad(rule, width), 'frame')];
  for (const card of cards) {
    const { id, assignee, points: cost, why } = card;
    const name = `${id}${cost === undefined ? '' : ` (${cost})`}`;
    const who = assignee === undefined ? '' : plain(assignee);
    // An assignee that does not fit beside the id gets a line of its own.
    const together = who === '' || widthOf(`${name} ${who}`) <= width;
    for (const text of together ? [`${name} ${who}`] : [name, `  ${who}`]) lines.push(paint(pad(text, width), 'dim'));
    for (const line of wrapped(plain(card.title), width, TITLE_LINES)) lines.push(pad(line, width));
    const reason = why === undefined || why === '' ? [] : wrapped(`! ${plain(why, MAX_WRAPPED_CHARS)}`, width);
    for (const line of reason) lines.push(paint(pad(line, width), 'warn'));
    lines.push(' '.repeat(width));
  }
  if (cards.length < count) lines.push(paint(pad(`… ${count - cards.length} more`, width), 'dim'));
  return lines;
}
