// A board as GitHub-flavoured Markdown: a table per section. Text that agents wrote is escaped, so that it cannot
// become a link, an image, code or HTML.

import { alignOf, type Reading, readable } from '../cells.ts';
import type { Board, ShownSection } from '../define.ts';
import { inertLine } from '../inert.ts';
import type { FormatOptions } from './define.ts';

export function renderMarkdown(board: Board, { now }: FormatOptions): string {
  const reading = { now, names: board.names };
  const head = `# Baton · ${board.title}\n\n${words(board.project)} · seq ${board.seq} · ${board.at}\n`;
  const parts = board.sections.map((section) => sectionText(section, reading));
  return [head, ...parts, ...(board.hint === undefined ? [] : [`> ${words(board.hint)}\n`])].join('\n');
}

function sectionText(section: ShownSection, reading: Reading): string {
  const { columns, rows, total, title } = section;
  if (section.facts === true) {
    const facts = columns.flatMap((column) => {
      const value = rows[0]?.[column.key];
      return value === undefined ? [] : [`- ${column.title}: ${words(readable(value, column, reading))}\n`];
    });
    return `## ${title}\n\n${facts.join('')}`;
  }
  const shown = columns.filter(({ key, quiet }) => quiet !== true && rows.some((row) => row[key] !== undefined));
  if (shown.length === 0) return `## ${title}\n\nnone\n`;
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |\n`;
  const table = [
    line(shown.map((column) => column.title)),
    line(shown.map((column) => (alignOf(column) === 'right' ? '--:' : '---'))),
    ...rows.map((row) => line(shown.map((column) => words(readable(row[column.key], column, reading))))),
  ];
  const left = total - rows.length;
  const more = left > 0 ? `\n… ${left} more${section.more === undefined ? '' : `: ${words(section.more)}`}\n` : '';
  return `## ${title} (${total})\n\n${table.join('')}${more}`;
}

function words(text: string): string {
  const line = inertLine(text);
  return line.replace(/[\\`*_[\]()<>#|!~&]/g, (found) =>
    found === '<' ? '&lt;' : found === '&' ? '&amp;' : `\\${found}`,
  );
}
