// The type of a dashboard view: a pure function from a Source to sections of typed rows. One file per view in views/,
// listed in index.ts. Formats (formats/) know columns but no views, so a new view has every format and a new format
// shows every view.

import type { CheckName } from '../views/health/alerts.ts';
import type { Cell, Source } from '../views/source.ts';

/**
 * The type of a column's values, by which each format writes them. `time` is ISO 8601, shown as an age; `date` is
 * ISO 8601, shown as that day, with the end of a sprint included; `ms` and `bytes` are numbers in
 * that unit, `percent` is 0–100; the keys of such columns end in the unit: `p50_ms`, `started_at`, `done_percent`.
 * `prose` is text that does not identify its row, so Prometheus must not use it as a label. `who` is a session or
 * `session/agent`, of which people are shown the name.
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
  | 'date'
  | 'bytes'
  | 'flag';

export interface Column {
  key: string;
  title: string;
  kind: ColumnKind;
  /** True if the value never decreases while its source lives: Prometheus gets a counter. */
  grows?: boolean;
  /** For `percent`: screens draw a bar. */
  bar?: boolean;
  /** True for a column for programs only: text and markdown leave it out. */
  quiet?: boolean;
  /** True for prose that a screen breaks into lines instead of cutting it: a reason is an answer only as a whole. */
  wraps?: boolean;
  /** A screen that is too narrow drops the column with the highest number first. Default 0: never dropped. */
  spare?: number;
}

/** A type, not an interface: answers are open-ended objects. A figure that is not known is absent, never zero. */
export type Row = { [column: string]: Cell | undefined };

export interface Section {
  name: string;
  title: string;
  columns: readonly Column[];
  /** The most important first, because rows that do not fit are cut from the end. */
  rows: readonly Row[];
  /** The number of all rows, if `rows` has only the first: at least as many as any format shows. */
  total?: number;
  /** How many of the first rows an answer never leaves out: what is not well. A screen may lack the lines for them. */
  kept?: number;
  /** The call that shows the rest. */
  more?: string;
  /** True if its columns need no titles. */
  bare?: boolean;
  /** True for a single row that is shown as a list of facts. */
  facts?: boolean;
  /** True for a narrow section: wide screens put two of them side by side. */
  half?: boolean;
}

/** A column as a view declares it: its kind, and a title if the key does not give it. */
export type ColumnWords =
  | ColumnKind
  | Omit<Column, 'key' | 'title'>
  | (Omit<Column, 'key' | 'title'> & { title: string });

/** Columns from their declarations by key. Titles are made of keys: `last_seen_at` becomes `last seen`. */
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
  /** True if its sections need figures of the whole log. */
  needsLog?: boolean;
  /** The health checks that concern this view; those that are not ok are shown above all sections. */
  alerts?: readonly CheckName[];
  /** `most`: no more rows of a section will be shown; a long list need not have more, if it says its `total`. */
  sections(source: Source, most: number): Section[];
  /** The line at the foot: what to do next. */
  hint?(source: Source): string | undefined;
}

/** A time in ms as a cell, ISO 8601; undefined if it is absent or infinite. */
export function timeCell(ms: number | undefined): string | undefined {
  return ms === undefined || !Number.isFinite(ms) ? undefined : new Date(ms).toISOString();
}

/** A view cut to the rows that are shown, as formats get it. */
export interface Board {
  view: string;
  title: string;
  project: string;
  at: string;
  seq: number;
  sections: readonly ShownSection[];
  /** Names of sessions by id, if unique. */
  names: ReadonlyMap<string, string>;
  hint?: string | undefined;
}

export interface ShownSection extends Section {
  /** The number of all rows, of which `rows` may hold fewer. */
  total: number;
}

const NUMERIC: readonly ColumnKind[] = ['count', 'number', 'percent', 'ms', 'bytes'];

/** Whether a column's values are numbers. */
export function isNumeric(column: Pick<Column, 'kind'>): boolean {
  return NUMERIC.includes(column.kind);
}
