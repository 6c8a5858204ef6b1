// Turns a view into a board: computes all its sections once, then cuts each to as many rows as fit, and names what was
// left out. Used by tools/dashboard-get.ts, screen.ts, the prompt dashboard and the verb watch.

import type { CheckName } from '../views/health/alerts.ts';
import { type Cell, type Source, viewScopeOf } from '../views/source.ts';
import { openSessions } from '../views/team/people.ts';
import { type Board, columns, type DashboardView, type Row, type Section, type ShownSection } from './define.ts';
import { inertLine } from './inert.ts';
import { MAX_WRAPPED_CHARS } from './measure.ts';

/** The most characters of a text cell; a screen may cut it further. */
const MAX_CELL = 240;
/** The least rows of a section. Rows are halved until the board fits; below a dozen they are dropped one by one. */
const FEW_ROWS = 1;

const ALERT_COLUMNS = columns({ alert: 'id', state: 'status', found: 'prose', next: { kind: 'prose', wraps: true } });

/** A view computed at one seq, with all its rows. */
export interface Taken {
  view: DashboardView;
  source: Pick<Source, 'now' | 'project'>;
  seq: number;
  sections: readonly Section[];
  names: ReadonlyMap<string, string>;
  hint: string | undefined;
}

/** More rows than any format shows of a section. */
const MOST_ROWS = 1_000;

/**
 * Computes a view for boards of at most `mostRows` rows of a section. The result holds copies only, so it may leave the
 * read.
 */
export function takeView(view: DashboardView, source: Source, mostRows = MOST_ROWS): Taken {
  const { now, project } = source;
  const alerts = alertSection(source, view.alerts ?? []);
  const sections = [...(alerts.rows.length === 0 ? [] : [alerts]), ...view.sections(source, mostRows + 1)];
  const names = namesOf(source, sections);
  return { view, source: { now, project }, seq: source.view.seq, sections, names, hint: view.hint?.(source) };
}

/** Names of open sessions by id, if a section has a column of sessions. A name of two sessions is left out. */
function namesOf(source: Source, sections: readonly Section[]): Map<string, string> {
  const names = new Map<string, string>();
  const asked = sections.some((section) => section.columns.some(({ kind }) => kind === 'who'));
  const named = asked ? openSessions(source.view, viewScopeOf(source)) : [];
  const uses = new Map<string, number>();
  for (const { name = '' } of named) uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const { id, name = '' } of named) if (name !== '' && uses.get(name) === 1) names.set(id, shortText(name));
  return names;
}

function alertSection(source: Source, about: readonly CheckName[]): Section {
  // The checks are not computed for a view without alerts.
  const found = about.length === 0 ? [] : source.checks();
  const rows = found.flatMap(({ check, ...rest }) =>
    rest.state !== 'ok' && about.includes(check) ? [{ alert: check, ...rest }] : [],
  );
  return { name: 'alerts', title: 'Alerts', columns: ALERT_COLUMNS, rows, kept: rows.length, bare: true };
}

/** The board with at most `mostRows` rows of each section; `limits` sets the most of single sections, by name. */
export function boardOf(taken: Taken, mostRows: number, limits: ReadonlyMap<string, number> = new Map()): Board {
  const { view, source, seq, names, hint } = taken;
  const sections = taken.sections.map((section): ShownSection => {
    const total = section.total ?? section.rows.length;
    const most = limits.get(section.name) ?? mostRows;
    // Show a single further row, because the line that says it is left out takes the same room.
    const rows = section.rows.slice(0, total === most + 1 ? total : most);
    return { ...section, total, rows: rows.map((row) => shortened(row, section)) };
  });
  const at = new Date(source.now).toISOString();
  return {
    view: view.name,
    title: view.title,
    project: shortText(source.project.name),
    at,
    seq,
    sections,
    names,
    hint: hint === undefined ? undefined : shortText(hint),
  };
}

/** Renders with fewer and fewer rows until `fits` is true of the result, or sections have one row. */
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
    const limits = taken.sections.map(({ name, kept = 0 }): [string, number] => [name, Math.max(most, kept)]);
    const board = boardOf(taken, most, new Map(limits));
    const rendered = render(board);
    if (most === FEW_ROWS || fits(rendered)) return { rendered, board };
  }
}

/**
 * A text that names each cut section with the call that shows all of it; undefined if nothing is cut. `wider`: the call
 * for sections without a `more` of their own.
 */
export function cutOf(board: Board, wider?: string): string | undefined {
  const parts = board.sections.flatMap(({ name, rows, total, more = wider }) =>
    rows.length === total ? [] : [`${name}: ${rows.length} of ${total}${more === undefined ? '' : ` (${more})`}`],
  );
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** Rounded to thousandths: nobody reads more digits, whatever the unit. */
function shortNumber(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * 1_000) / 1_000;
}

function shortText(text: string, most = MAX_CELL): string {
  const line = inertLine(text.slice(0, 2 * most));
  // Drop the first half of a surrogate pair that the cut has split.
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : line;
}

function shortened(row: Row, section: Section): Row {
  const short: Row = {};
  for (const { key, wraps } of section.columns) {
    const value: Cell | undefined = row[key];
    if (value === undefined) continue;
    const most = wraps === true ? MAX_WRAPPED_CHARS : MAX_CELL;
    if (typeof value === 'string') short[key] = shortText(value, most);
    else short[key] = typeof value === 'number' ? shortNumber(value) : value;
  }
  return short;
}
