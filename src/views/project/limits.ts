// How much of what a project allows its agents is used: claims in all, claims of each pool, tokens of each run.
// Computed from documents for answers; domain/run/claim.ts decides by the same functions.

import type { View } from '../../documents/documents.ts';
import { liveClaims, type PoolDocument, poolOf, poolSize, poolStream } from '../../domain/resource/pool.ts';
import { hasEnded, limitsOf, type RunDocument } from '../../domain/run/document.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { nodeKinds } from '../../graph/kinds/index.ts';
import { readyNodes } from '../../graph/ready/ready.ts';
import { projectRuns } from '../run/runs.ts';
import type { ViewScope } from '../team/people.ts';
import { configOf } from './settings.ts';

/** A type, not an interface: answers are open-ended objects. */
export type LimitRow = {
  limit: string;
  used: number;
  /** As it is now: a pool that goes by demand grows and shrinks. */
  allowed: number;
  policy?: string;
};

/** Runs whose tokens are listed: those that have spent the most. */
const RUNS = 10;

/**
 * All agents, each pool, then runs that have spent something. `graph`: a definition by its hash, undefined if it is
 * gone.
 */
export function limitRows(
  view: View,
  { project, now, presence }: ViewScope,
  graph: (hash: string) => RunGraph | undefined,
): LimitRow[] {
  const { global_settings: settings, pools } = configOf(view, project);
  const seen = { now, lastSeen: (who: string) => presence.lastSeen(who) };
  const live = liveClaims(view.get<PoolDocument>(poolStream(project)), seen);
  const runs = projectRuns(view, project).filter(({ status }) => !hasEnded(status));
  const inPools = Object.entries(pools).map(([limit, pool]): LimitRow => {
    const held = live.filter(({ name }) => poolOf(pools, name) === limit);
    const { policy = 'fixed', max } = pool;
    const row = { limit: `pool ${limit}`, used: held.length, policy };
    if (policy === 'fixed') return { ...row, allowed: max };
    // As many as the run with the most work allows.
    const sizes = runs.map((run) => {
      const here = held.filter((one) => one.run === run.id).length;
      return poolSize(pool, here + readyFor(run, graph(run.graph), (agent) => poolOf(pools, agent) === limit, seen));
    });
    return { ...row, allowed: Math.max(poolSize(pool, 0), ...sizes) };
  });
  const spent = runs.flatMap(({ id, tokens = 0 }) =>
    tokens > 0 ? [{ limit: `tokens of ${id}`, used: tokens, allowed: settings.token_budget }] : [],
  );
  return [
    { limit: 'all agents', used: live.length, allowed: settings.max_concurrent_agents },
    ...inPools,
    ...spent.sort((a, b) => b.used - a.used).slice(0, RUNS),
  ];
}

/** The nodes of a run that are ready for agents of a pool. */
function readyFor(
  run: Readonly<RunDocument>,
  graph: RunGraph | undefined,
  fits: (agent: string) => boolean,
  { now, lastSeen }: { now: number; lastSeen: (who: string) => number | undefined },
): number {
  if (graph === undefined || run.status !== 'running') return 0;
  const { prepared } = graph;
  const limits = { ...limitsOf(run), maxParallel: Number.POSITIVE_INFINITY, lastSeen };
  return readyNodes(prepared, run.nodes, now, limits).candidates.filter(({ id }) => {
    const node = prepared.graph.nodes[prepared.index.get(id) ?? -1];
    const kind = node === undefined ? undefined : nodeKinds.get(node.kind);
    if (node === undefined || kind?.performer !== 'agent') return false;
    const agent = kind.wanted?.(node).agent;
    return agent === undefined || fits(agent);
  }).length;
}
