// Fits a view into the lines of a terminal: every section gets some rows, and more the more room there is; if not even
// that fits, sections are left out, the last first. Used by the verb watch.

import { boardOf, type Taken } from './board.ts';
import type { Board } from './define.ts';

/** The steps of filling: all sections get this many rows before any gets those of the next step. */
const FILL = [1, 2, 3, 5, 8, 13, 21, 34, 55, 200];
/** Rounds of filling: sections side by side share lines, so a round may leave room for another. */
const ROUNDS = 6;

/** The rendered view in at most `lines` lines; in more only if not even one section fits. */
export function fillScreen(taken: Taken, render: (board: Board) => string, lines: number): string {
  const limits = new Map(taken.sections.map(({ name }) => [name, 1]));
  const left = new Set<string>();
  const draw = (): string => {
    const board = boardOf(taken, 1, limits);
    return render({ ...board, sections: board.sections.filter(({ name }) => !left.has(name)) });
  };
  let text = draw();
  while (lineCount(text) > lines && left.size < taken.sections.length - 1) {
    left.add(least(taken, left));
    text = draw();
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const room = lines - lineCount(text);
    const before = [...limits];
    if (room <= 0 || !fill(taken, left, limits, room)) break;
    const fuller = draw();
    // A row may take several lines: then it was too much, and half the room is tried.
    if (lineCount(fuller) > lines) {
      for (const [name, most] of before) limits.set(name, most);
      if (!fill(taken, left, limits, Math.floor(room / 2))) break;
      const half = draw();
      if (lineCount(half) > lines) break;
      text = half;
    } else text = fuller;
  }
  return text;
}

/** The name of the section to leave out: the last empty one, else the last. */
function least({ sections }: Taken, left: ReadonlySet<string>): string {
  const shown = sections.filter(({ name }) => !left.has(name));
  return (shown.findLast(({ rows }) => rows.length === 0) ?? shown.at(-1))?.name ?? '';
}

/** Raises the limits of sections that have more rows by `room` rows in all. False if no section has more. */
function fill({ sections }: Taken, left: ReadonlySet<string>, limits: Map<string, number>, room: number): boolean {
  let spare = room;
  for (const most of FILL) {
    for (const { name, rows } of sections) {
      const shown = limits.get(name) ?? 0;
      // Most rows take one line; the last row replaces the line that counts the missing ones.
      const more = left.has(name) ? 0 : Math.min(spare, Math.min(most, rows.length) - shown);
      if (more <= 0) continue;
      limits.set(name, shown + more);
      spare -= more;
    }
  }
  return spare < room;
}

function lineCount(text: string): number {
  return text.split('\n').length;
}
