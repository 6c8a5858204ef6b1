// What a dashboard view is: one file of this folder, a pure function of documents and presence that answers sections of
// typed rows. Formats (formats/) know columns and nothing of views, so that a new view has every format and a new format
// every view.

import type { View } from '../documents/documents.ts';
import type { RunGraph } from '../domain/run/document.ts';
import type { Presence, StoreInfo } from '../store/port.ts';
import type { Check, CheckName } from '../views/health/alerts.ts';
import type { PlanFacts } from '../views/plan/plan-index.ts';
import type { Got } from '../views/team/mail-box.ts';
import type { Moment } from '../views/team/people.ts';

/**
 * What a column holds, and so how each format writes it. `time` is ISO 8601, `ms` and `bytes` are numbers in that unit,
 * `percent` is 0–100. The key of a column of these ends in its unit: `p50_ms`, `started_at`, `done_percent`. `prose` is text
 * that tells and does not name: whoever counts must not take it for a label. `who` is a session, or `session/agent`: people
 * read its name.
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

export type Cell = string | number | boolean;
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

/** Calls of one tool in this process. A type, not an interface: a row as it is. */
export type ToolCalls = {
  tool: string;
  calls: number;
  failures: number;
  bugs: number;
  failed_percent: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
};

/** What this process has served since it began: nothing of it outlives the process. */
export interface CallFacts {
  since: string;
  tools: ToolCalls[];
  /** By tool and shape of the path; bounded, so that `other` may be one of them. */
  paths: { tool: string; path: string; calls: number; failures: number }[];
  failures: { code: string; tool: string; count: number }[];
}

export interface GateCount {
  passed: number;
  refused: number;
}

/** What passed of what was tried, of all projects: by task, and by run and evidence grade. */
export interface GateFacts {
  reviews: ReadonlyMap<string, GateCount>;
  attempts: ReadonlyMap<string, ReadonlyMap<string, GateCount>>;
}

/** What the log says of itself. */
export interface LogFacts {
  commits: number;
  events: number;
  /** Lines that lost a race, or stand after a seal: they are written and do not count. */
  void_lines: number;
  torn_lines: number;
  segments: number;
  size_bytes: number;
  byType: ReadonlyMap<string, number>;
  byTool: ReadonlyMap<string, number>;
  /** The last commits, the newest first. */
  latest: readonly Happened[];
  gates: GateFacts;
  /** Ids of the last messages that were escalations, the newest first. */
  escalations: readonly string[];
}

/** One commit, by its first event that people care for. */
export interface Happened {
  seq: number;
  at: string;
  type: string;
  stream: string;
  by: string;
  session: string | undefined;
}

/** How often a cache of this process had what was asked for. A type, not an interface: a row as it is. */
export type CacheCount = { cache: string; hits: number; misses: number; held: number };

/** What the process that answers is and how it was started. */
export interface ProcessFacts {
  version: string;
  pid: number;
  uptime_ms: number;
  rss_bytes: number;
  heap_bytes: number;
  /** Absent where no traces are written. */
  spans?: { written: number; dropped: number } | undefined;
  caches: readonly CacheCount[];
  settings: Readonly<Record<string, Cell>>;
}

/** All that a view may look at. */
export interface Source {
  view: View;
  now: number;
  presence: Pick<Presence, 'lastSeen'>;
  /** What the client of this process has been given of its mail: that waits for it no more. */
  got(): Got;
  /** Sessions that a live process serves; looked up when first asked for. */
  served(): ReadonlySet<string>;
  project: { id: string; name: string };
  store: StoreInfo;
  /** A graph by its hash; undefined if it is gone. */
  graph(hash: string): RunGraph | undefined;
  process: ProcessFacts;
  /** The plan as it fits the view; made when first asked for. */
  plan(): PlanFacts;
  /** Absent where nothing was counted: the command line serves no calls. */
  calls?: CallFacts | undefined;
  /** What is and is not well; looked at when first asked for. */
  checks(): readonly Check[];
  /** Only for views that ask for it: it reads the log. */
  log?: LogFacts | undefined;
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

/** What views of people need of a source. */
export function momentOf({ project, now, presence }: Source): Moment {
  return { project: project.id, now, presence };
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
