// A board as JSON for programs: columns with their kinds, so that nobody guesses units.

import type { Board } from '../define.ts';

export function renderJson(board: Board): string {
  const sections = board.sections.map(({ name, title, columns, rows, total, facts }) => ({
    name,
    title,
    ...(facts === true ? {} : { total }),
    columns: columns.map(({ key, kind }) => ({ key, kind })),
    rows,
  }));
  const { view, project, at, seq, hint } = board;
  return JSON.stringify({ view, project, at, seq, sections, ...(hint === undefined ? {} : { hint }) });
}
