// A view on a terminal of so many lines: every section with what it has, the more of it the more room there is;
// sections that find no room at all are left out, the last first. Used by the verb watch.

import { boardOf, type Taken } from './board.ts';
import type { Board } from './define.ts';

/** All sections get as many rows before any gets more. */
const FILL = [1, 2, 3, 5, 8, 13, 21, 34, 55, 200];
/** Sections beside each other share lines, so that filling leaves room: so often it is filled again. */
const ROUNDS = 6;

/** What `render` makes of it in at most so many lines; more only if not even one section has room. */
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
    if (room <= 0 || !fill(taken, left, limits, room)) break;
    text = draw();
  }
  return text;
}

/** An empty one, else the last. */
function least({ sections }: Taken, left: ReadonlySet<string>): string {
  const shown = sections.filter(({ name }) => !left.has(name));
  return (shown.findLast(({ rows }) => rows.length === 0) ?? shown.at(-1))?.name ?? '';
}

/** Gives so many lines to sections that have more rows, the first ones first. False if none has. */
function fill({ sections }: Taken, left: ReadonlySet<string>, limits: Map<string, number>, room: number): boolean {
  let spare = room;
  for (const most of FILL) {
    for (const { name, rows } of sections) {
      const shown = limits.get(name) ?? 0;
      // A row more is a line more: at the end it takes the place of the line that tells of it.
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
