// A board as CSV that a spreadsheet opens (RFC 4180: CRLF, doubled quotes, one count of fields for all lines). A text
// that a spreadsheet would take for a formula is made one it does not.

import type { Cell } from '../../views/source.ts';
import type { Board } from '../define.ts';
import { inert } from '../inert.ts';

/** What begins a formula, in ASCII and in full width, and the white space that some programs skip before looking. */
const FORMULA = /^[\s\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]/u;

export function renderCsv(board: Board): string {
  const { sections } = board;
  const keys = [...new Set(sections.flatMap(({ columns }) => columns.map(({ key }) => key)))];
  const many = sections.length > 1;
  const lines = [[...(many ? ['section'] : []), ...keys]];
  for (const { name, rows } of sections) {
    for (const row of rows) lines.push([...(many ? [name] : []), ...keys.map((key) => cellText(row[key]))]);
  }
  return lines.map((fields) => `${fields.map(field).join(',')}\r\n`).join('');
}

function cellText(value: Cell | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = inert(value);
  return FORMULA.test(text) ? `'${text}` : text;
}

function field(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
