// What views may look at: documents, presence, and the facts that a process counts. app/view-source.ts puts a source
// together; views and dashboards read it.

import type { View } from '../documents/documents.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { Presence, StoreInfo } from '../store/port.ts';
import type { Check } from './health/alerts.ts';
import type { PlanFacts } from './plan/plan-index.ts';
import type { Got } from './team/mail-box.ts';
import type { ViewScope } from './team/people.ts';

/** One value of a row. */
export type Cell = string | number | boolean;

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

export interface PassCount {
  passed: number;
  refused: number;
}

/** What passed of what was tried, of all projects: by task, and by run and evidence grade. */
export interface QualityFacts {
  reviews: ReadonlyMap<string, PassCount>;
  attempts: ReadonlyMap<string, ReadonlyMap<string, PassCount>>;
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
  latest: readonly CommitSummary[];
  quality: QualityFacts;
  /** Ids of the last messages that were escalations, the newest first. */
  escalations: readonly string[];
}

/** One commit, by its first event that people care for. */
export interface CommitSummary {
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

/** What views of people need of a source. */
export function viewScopeOf({ project, now, presence }: Source): ViewScope {
  return { project: project.id, now, presence };
}
