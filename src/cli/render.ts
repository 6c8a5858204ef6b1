// An answer as text for a terminal: one fact a line, lists of objects as aligned columns that fit its width. Used by
// tool-command.ts and the verbs.

import { visible } from '../base/display.ts';
import type { Paint } from '../dashboard/formats/define.ts';
import { isObject } from '../json/json.ts';

const maxCell = 60;
/** A column is cut to this width at least, so that what it says can still be told. */
const minCell = 12;
const GAP = '  ';
const USUAL_COLUMNS = 80;

/** An answer as compact text for people. Its characters cannot move the cursor or reorder a line. */
export function renderAnswer(value: unknown, columns = USUAL_COLUMNS, paint: Paint = (text) => text): string {
  // As a client gets it: JSON drops keys whose value is undefined.
  const answer: unknown = JSON.parse(JSON.stringify(value ?? null));
  if (!isObject(answer)) return `${scalar(answer)}\n`;
  const lines: string[] = [];
  for (const [key, item] of Object.entries(answer)) {
    const [first = '', ...rest] = renderField(visible(key), item, columns);
    lines.push(`${paint(first.slice(0, key.length), 'heading')}${first.slice(key.length)}`);
    // The first line of a table is its head.
    lines.push(...rest.map((line, index) => (index === 0 && isTable(item) ? paint(line, 'dim') : line)));
  }
  return `${lines.join('\n')}\n`;
}

/** JSON for programs. Characters that a terminal would obey are written as \uXXXX, which means the same in JSON. */
export function renderJson(value: unknown): string {
  return `${visible(JSON.stringify(value))}\n`;
}

/** A drawn screen with its frame in another tone than its words. */
export function paintScreen(text: string, paint: Paint): string {
  return text.replace(/[╭╮╰╯├┤┬┴┼─│]+/g, (frame) => paint(frame, 'frame'));
}

function isTable(item: unknown): boolean {
  return Array.isArray(item) && item.every(isObject);
}

function renderField(key: string, value: unknown, columns: number): string[] {
  if (typeof value === 'string' && value.includes('\n')) {
    return [
      `${key}:`,
      ...value
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `  ${visible(line)}`),
    ];
  }
  if (Array.isArray(value)) return renderList(key, value, columns);
  if (!isObject(value)) return [`${key}: ${scalar(value)}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${key}: {}`];
  return [`${key}:`, ...entries.map(([name, item]) => `  ${visible(name)}: ${scalar(item)}`)];
}

function renderList(key: string, items: unknown[], columns: number): string[] {
  if (items.length === 0) return [`${key}: none`];
  const rows = items.filter(isObject);
  if (rows.length === items.length) return [`${key}: ${items.length}`, ...table(rows, columns)];
  const short = items.every((item) => typeof item !== 'object' || item === null);
  return short ? [`${key}: ${items.map(scalar).join(', ')}`] : [`${key}:`, ...items.map((item) => `  ${scalar(item)}`)];
}

function table(rows: Record<string, unknown>[], columns: number): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => (row[name] === undefined ? '' : scalar(row[name]))));
  const needed = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const widths = fitted(needed, columns - GAP.length * names.length);
  if (widths === undefined) return rows.flatMap((row, index) => [...(index > 0 ? [''] : []), ...record(row)]);
  const line = (row: string[]): string =>
    `${GAP}${row.map((cell, i) => cut(cell, widths[i] ?? 0).padEnd(widths[i] ?? 0)).join(GAP)}`.trimEnd();
  return [line(names.map(visible)), ...cells.map(line)];
}

/** The widths within the room there is, taken from the widest columns; undefined if there is too little for all. */
function fitted(needed: readonly number[], room: number): number[] | undefined {
  const widths = needed.map((width) => Math.min(width, maxCell));
  for (let over = sum(widths) - room; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= minCell) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** A row that is too wide, one fact a line. */
function record(row: Record<string, unknown>): string[] {
  const facts = Object.entries(row).filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${GAP}${visible(name).padEnd(width)}${GAP}${scalar(value)}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}

function scalar(value: unknown): string {
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}
