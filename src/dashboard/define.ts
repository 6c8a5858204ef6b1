// What a dashboard view is: one file of this folder, a pure function of documents and presence that answers sections of
// typed rows. Formats (formats/) know columns and nothing of views, so that a new view has every format and a new
// format every view.

import type { CheckName } from '../views/health/alerts.ts';
import type { Cell, Source } from '../views/source.ts';

/**
 * What a column holds, and so how each format writes it. `time` is ISO 8601, `ms` and `bytes` are numbers in that unit,
 * `percent` is 0–100. The key of a column of these ends in its unit: `p50_ms`, `started_at`, `done_percent`. `prose` is
 * text that tells and does not name: whoever counts must not take it for a label. `who` is a session, or
 * `session/agent`: people read its name.
 */
export type ColumnKind =
  | 'id'
  | 'text'
  | 'prose'
  | 'who'
  | 'status'
  | 'count'
  | 'number'
  | 'percent'
  | 'ms'
  | 'time'
  | 'bytes'
  | 'flag';

export interface Column {
  key: string;
  title: string;
  kind: ColumnKind;
  /** Only grows while its source lives: a counter for whoever scrapes it. */
  grows?: boolean;
  /** Of a percent: screens draw it. */
  bar?: boolean;
  /** For programs alone: screens and pages leave it out. */
  quiet?: boolean;
  /** Where a screen is too narrow, the highest goes first. Default 0: stays. */
  spare?: number;
}

/** A type, not an interface: answers are open-ended objects. An absent figure is absent, never a zero. */
export type Row = { [column: string]: Cell | undefined };

export interface Section {
  name: string;
  title: string;
  columns: readonly Column[];
  /** The most important first: what does not fit is cut from the end. */
  rows: readonly Row[];
  /** The call that shows the rest. */
  more?: string;
  /** Its columns need no titles. */
  bare?: boolean;
  /** One row, shown as a list of facts. */
  facts?: boolean;
  /** Wide screens put two such sections side by side. */
  half?: boolean;
}

/** What a section's author writes of a column: its kind, and its title if the key does not say it. */
export type ColumnWords =
  | ColumnKind
  | Omit<Column, 'key' | 'title'>
  | (Omit<Column, 'key' | 'title'> & { title: string });

/** Columns from a table of words; titles come from keys: `last_seen_at` becomes `last seen`. */
export function columns(words: Record<string, ColumnWords>): Column[] {
  return Object.entries(words).map(([key, word]) => {
    const given = typeof word === 'string' ? { kind: word } : word;
    const title = key.replace(/_(at|ms|percent)$/, (unit) => (unit === '_percent' ? ' %' : '')).replaceAll('_', ' ');
    return { key, title, ...given };
  });
}

export interface DashboardView {
  name: string;
  title: string;
  /** Its sections speak of the log as a whole, which has to be read for them. */
  needsLog?: boolean;
  /** Checks on what it shows: those that are not well stand above everything else. */
  alerts?: readonly CheckName[];
  sections(source: Source): Section[];
  /** The line at the foot: what to do next, if anything is waiting. */
  hint?(source: Source): string | undefined;
}

/** A time for a row; absent if there is none, or none that ends. */
export function timeCell(ms: number | undefined): string | undefined {
  return ms === undefined || !Number.isFinite(ms) ? undefined : new Date(ms).toISOString();
}

/** A view as it is shown at one moment. */
export interface Board {
  view: string;
  title: string;
  project: string;
  at: string;
  seq: number;
  sections: readonly ShownSection[];
  /** Names of sessions, by id, where they have one of their own. */
  names: ReadonlyMap<string, string>;
  hint?: string | undefined;
}

export interface ShownSection extends Section {
  /** How many rows there are: `rows` may be fewer. */
  total: number;
}

const NUMERIC: readonly ColumnKind[] = ['count', 'number', 'percent', 'ms', 'bytes'];

/** Its values are numbers. */
export function isNumeric(column: Pick<Column, 'kind'>): boolean {
  return NUMERIC.includes(column.kind);
}
