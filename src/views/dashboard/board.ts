// A view as one answer: its sections taken once, then as many rows of each as fit into the room there is. What was left out
// is named. Used by tools/dashboard-get.ts and the command line.

import type { CheckName } from '../alerts.ts';
import {
  type Board,
  type Cell,
  columns,
  type DashboardView,
  type Row,
  type Section,
  type ShownSection,
  type Source,
} from './define.ts';
import { inertLine } from './inert.ts';

/** Characters that no prose of a cell needs in an answer; a screen cuts it further. */
const MAX_CELL = 240;
/** Rows of a section are halved until the whole fits, the last dozen taken away one by one, down to this. */
const FEW_ROWS = 1;

const ALERT_COLUMNS = columns({ alert: 'id', state: 'status', found: 'prose', next: { kind: 'prose', spare: 1 } });

/** A view at one moment, with all its rows. */
export interface Taken {
  view: DashboardView;
  source: Pick<Source, 'now' | 'project'>;
  seq: number;
  sections: readonly Section[];
  hint: string | undefined;
}

/** Looks once. What it holds are copies: it may leave the read. */
export function takeView(view: DashboardView, source: Source): Taken {
  const { now, project } = source;
  const alerts = alertSection(source, view.alerts ?? []);
  const sections = [...(alerts.rows.length === 0 ? [] : [alerts]), ...view.sections(source)];
  return { view, source: { now, project }, seq: source.view.seq, sections, hint: view.hint?.(source) };
}

function alertSection(source: Source, about: readonly CheckName[]): Section {
  // Not looked at for a view that would not show it.
  const found = about.length === 0 ? [] : source.checks();
  const rows = found.flatMap(({ check, ...rest }) =>
    rest.state !== 'ok' && about.includes(check) ? [{ alert: check, ...rest }] : [],
  );
  return { name: 'alerts', title: 'Alerts', columns: ALERT_COLUMNS, rows };
}

/** The board with at most so many rows of each section. */
export function boardOf(taken: Taken, mostRows: number): Board {
  const { view, source, seq, hint } = taken;
  const sections = taken.sections.map(
    (section): ShownSection => ({
      ...section,
      total: section.rows.length,
      // To say that one more is left out takes the line that it would take.
      rows: section.rows
        .slice(0, section.rows.length === mostRows + 1 ? mostRows + 1 : mostRows)
        .map((row) => shortened(row, section)),
    }),
  );
  const at = new Date(source.now).toISOString();
  return {
    view: view.name,
    title: view.title,
    project: shortText(source.project.name),
    at,
    seq,
    sections,
    hint: hint === undefined ? undefined : shortText(hint),
  };
}

/** Renders with fewer and fewer rows until it fits. `fits` is called with what `render` made. */
export function fitted<T>(
  taken: Taken,
  mostRows: number,
  render: (board: Board) => T,
  fits: (rendered: T) => boolean,
): { rendered: T; board: Board } {
  const longest = Math.max(FEW_ROWS, ...taken.sections.map(({ rows }) => rows.length));
  for (
    let most = Math.min(mostRows, longest);
    ;
    most = Math.max(FEW_ROWS, most > 12 ? Math.floor(most / 2) : most - 1)
  ) {
    const board = boardOf(taken, most);
    const rendered = render(board);
    if (most === FEW_ROWS || fits(rendered)) return { rendered, board };
  }
}

/** What is not shown, and the calls that show it; undefined if all is. */
export function cutOf(board: Board): string | undefined {
  const parts = board.sections.flatMap(({ name, rows, total, more }) =>
    rows.length === total ? [] : [`${name}: ${rows.length} of ${total}${more === undefined ? '' : ` (${more})`}`],
  );
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** Without its least section: an empty one, else the last. Undefined if only one is left. */
export function withoutLeast(board: Board): Board | undefined {
  const { sections } = board;
  if (sections.length < 2) return undefined;
  const empty = sections.findLastIndex(({ rows }) => rows.length === 0);
  const least = empty < 0 ? sections.length - 1 : empty;
  return { ...board, sections: sections.filter((_, index) => index !== least) };
}

function shortText(text: string): string {
  const line = inertLine(text.slice(0, 2 * MAX_CELL));
  // Not through the middle of a character.
  return line.length > MAX_CELL ? `${line.slice(0, MAX_CELL - 1).replace(/[\ud800-\udbff]$/, '')}…` : line;
}

function shortened(row: Row, section: Section): Row {
  const short: Row = {};
  for (const { key } of section.columns) {
    const value: Cell | undefined = row[key];
    if (value === undefined) continue;
    short[key] = typeof value === 'string' ? shortText(value) : value;
  }
  return short;
}
