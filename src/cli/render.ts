// An answer as text for a terminal: one fact a line, lists of objects as aligned columns. Used by tool-command.ts and
// the verbs.

import { visible } from '../base/display.ts';
import { isObject } from '../json/json.ts';

const maxCell = 60;

/** An answer as compact text for people. Its characters cannot move the cursor or reorder a line. */
export function renderAnswer(value: unknown): string {
  // As a client gets it: JSON drops keys whose value is undefined.
  const answer: unknown = JSON.parse(JSON.stringify(value ?? null));
  if (!isObject(answer)) return `${scalar(answer)}\n`;
  const lines: string[] = [];
  for (const [key, item] of Object.entries(answer)) lines.push(...renderField(visible(key), item));
  return `${lines.join('\n')}\n`;
}

/** JSON for programs. Characters that a terminal would obey are written as \uXXXX, which means the same in JSON. */
export function renderJson(value: unknown): string {
  return `${visible(JSON.stringify(value))}\n`;
}

function renderField(key: string, value: unknown): string[] {
  if (typeof value === 'string' && value.includes('\n')) {
    return [
      `${key}:`,
      ...value
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `  ${visible(line)}`),
    ];
  }
  if (Array.isArray(value)) return renderList(key, value);
  if (!isObject(value)) return [`${key}: ${scalar(value)}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${key}: {}`];
  return [`${key}:`, ...entries.map(([name, item]) => `  ${visible(name)}: ${scalar(item)}`)];
}

function renderList(key: string, items: unknown[]): string[] {
  if (items.length === 0) return [`${key}: none`];
  const rows = items.filter(isObject);
  if (rows.length === items.length) return [`${key}: ${items.length}`, ...table(rows)];
  const short = items.every((item) => typeof item !== 'object' || item === null);
  return short ? [`${key}: ${items.map(scalar).join(', ')}`] : [`${key}:`, ...items.map((item) => `  ${scalar(item)}`)];
}

function table(rows: Record<string, unknown>[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => cut(row[name] === undefined ? '' : scalar(row[name]))));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: string[]): string => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd();
  return [line(names.map(visible)), ...cells.map(line)];
}

function cut(text: string): string {
  return text.length > maxCell ? `${text.slice(0, maxCell - 1)}…` : text;
}

function scalar(value: unknown): string {
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}
