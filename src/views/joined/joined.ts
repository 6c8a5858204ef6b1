// The parts of a session's state that are not stored but joined when it is read, at the same seq: `organization`,
// `communication` and `observability`. Each is bounded, whatever the store holds, and names the calls that return the
// rest. Used by tools/state-get.ts; writes to these keys are refused.

import type { JOINED_KEYS } from '../../domain/state/keys.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import { recentActivity } from '../session/activity.ts';
import type { Source } from '../source.ts';
import { communicationOf } from './mail.ts';
import { organizationOf } from './project.ts';

export type JoinedKey = (typeof JOINED_KEYS)[number];

const TOOLS = 8;
const PATHS = 5;
const RECENT = 10;

/** The joined value under a key, for one session of the source's project. `version`: the session's version. */
export function joinedValue(key: JoinedKey, source: Source, session: string, version: number): Json {
  switch (key) {
    case 'organization':
      return organizationOf(source);
    case 'communication':
      return communicationOf(source, session);
    case 'observability':
      return { ...observabilityOf(source), version };
  }
}

function observabilityOf(source: Source): JsonObject {
  const { view, store, calls, log } = source;
  const checks = source.checks();
  const troubles = checks.filter(({ state }) => state !== 'ok');
  return {
    health: {
      writable: store.stopped === undefined,
      durability: store.durability,
      well: checks.length - troubles.length,
      alerts: troubles.map((check) => ({ ...check })),
    },
    metrics: {
      ...(calls === undefined ? {} : { this_process: processFigures(calls) }),
      ...(log === undefined ? {} : { all_processes: logFigures(log) }),
    },
    recent: recentActivity(source, RECENT).map(({ seq, at, type, times, stream, by }) => {
      return { seq, at, type, ...(times === 1 ? {} : { times }), stream, by };
    }),
    seq: view.seq,
    more: {
      health: 'dashboard_get {"view": "health"}',
      metrics: 'dashboard_get {"view": "metrics", "detail": "full"}',
      recent: 'events_query {}',
    },
  };
}

function processFigures({ since, tools, paths, failures }: NonNullable<Source['calls']>): JsonObject {
  const sum = (of: 'calls' | 'failures' | 'bugs'): number => tools.reduce((all, tool) => all + tool[of], 0);
  return {
    since,
    calls: sum('calls'),
    failures: sum('failures') + sum('bugs'),
    tools: tools.slice(0, TOOLS).map(({ tool, calls, failures: refused, p50_ms, p95_ms }) => {
      return { tool, calls, failures: refused, p50_ms, p95_ms };
    }),
    paths: paths.slice(0, PATHS).map((path) => ({ ...path })),
    refused: failures.slice(0, PATHS).map((failure) => ({ ...failure })),
  };
}

function logFigures({ commits, events, void_lines, torn_lines, size_bytes, byTool }: NonNullable<Source['log']>) {
  const ranked = [...byTool].sort((a, b) => b[1] - a[1]).slice(0, TOOLS);
  return { commits, events, void_lines, torn_lines, size_bytes, commits_by_tool: Object.fromEntries(ranked) };
}
