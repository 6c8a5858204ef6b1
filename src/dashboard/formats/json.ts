// A board as JSON for programs. Each column has its kind, so that no reader has to guess units.

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
