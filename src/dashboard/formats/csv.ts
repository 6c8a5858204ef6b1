// A board as CSV (RFC 4180: CRLF, doubled quotes, the same number of fields in every line). A text that a spreadsheet
// would run as a formula gets an apostrophe in front.

import type { Cell } from '../../views/source.ts';
import type { Board } from '../define.ts';
import { inert } from '../inert.ts';

/** The start of a formula, in ASCII or full width, after white space, which some programs skip. */
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
