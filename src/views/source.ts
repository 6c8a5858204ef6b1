// The Source that views read: documents, presence, and the figures that a process counts. Built by app/view-source.ts;
// read by dashboard/ and joined/.

import type { View } from '../documents/documents.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { Presence, StoreInfo } from '../store/port.ts';
import type { Check } from './health/alerts.ts';
import type { PlanFacts } from './plan/plan-index.ts';
import type { Got } from './team/mail-box.ts';
import type { ViewScope } from './team/people.ts';

/** One value of a row. */
export type Cell = string | number | boolean;

/** Calls of one tool in this process. A type, not an interface: it is used as a dashboard row. */
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

/** Figures of the calls that this process has served since `since` (ISO 8601). */
export interface CallFacts {
  since: string;
  tools: ToolCalls[];
  /** By tool and shape of the path. Bounded: further shapes are counted as `other`. */
  paths: { tool: string; path: string; calls: number; failures: number }[];
  failures: { code: string; tool: string; count: number }[];
}

/** How many reviews or attempts passed, and how many were refused. */
export interface PassCount {
  passed: number;
  refused: number;
}

/** Pass counts of all projects: reviews by task, attempts by run and then by grade of evidence. */
export interface QualityFacts {
  reviews: ReadonlyMap<string, PassCount>;
  attempts: ReadonlyMap<string, ReadonlyMap<string, PassCount>>;
}

/** Figures of the whole log. */
export interface LogFacts {
  commits: number;
  events: number;
  /** Lines that are written but not valid: they lost a race, or came after a seal. */
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

/** One commit, described by its most telling event. */
export interface CommitSummary {
  seq: number;
  at: string;
  type: string;
  stream: string;
  by: string;
  session: string | undefined;
}

/** Hits of one cache of this process. A type, not an interface: it is used as a dashboard row. */
export type CacheCount = { cache: string; hits: number; misses: number; held: number };

/** The process that answers, and the settings that it was started with. */
export interface ProcessFacts {
  version: string;
  pid: number;
  uptime_ms: number;
  rss_bytes: number;
  heap_bytes: number;
  /** Absent if no trace file is wanted. */
  spans?: { written: number; dropped: number } | undefined;
  caches: readonly CacheCount[];
  settings: Readonly<Record<string, Cell>>;
}

/** Everything that a view may read. `got`, `served`, `plan` and `checks` are computed at their first call. */
export interface Source {
  view: View;
  now: number;
  presence: Pick<Presence, 'lastSeen'>;
  /** Messages that the client of this process was given already, and that no longer count as unread. */
  got(): Got;
  /** Sessions that a live process serves. */
  served(): ReadonlySet<string>;
  project: { id: string; name: string };
  /** The session that asks; undefined if it has none yet. */
  session?: string | undefined;
  store: StoreInfo;
  /** A definition by its hash; undefined if its blob is missing. */
  graph(hash: string): RunGraph | undefined;
  process: ProcessFacts;
  /** The plan at the seq of the view. */
  plan(): PlanFacts;
  /** Absent on the command line, which serves no calls. */
  calls?: CallFacts | undefined;
  /** The health checks, the worst first. */
  checks(): readonly Check[];
  /** Only for views with `needsLog`, because it takes reading the log. */
  log?: LogFacts | undefined;
}

/** The part of a source that views of people and locks need. */
export function viewScopeOf({ project, now, presence, served }: Source): ViewScope {
  return { project: project.id, now, presence: { lastSeen: (who) => presence.lastSeen(who), served } };
}
