// How much of a project's limits is used: claims in all, claims of each pool, tokens of each run. Computed from
// documents for the dashboard; domain/run/claim.ts decides by the same functions.

import type { View } from '../../documents/documents.ts';
import { liveClaims, type PoolDocument, poolOf, poolSize, poolStream } from '../../domain/resource/pool.ts';
import type { RunDocument } from '../../domain/run/document.ts';
import { readyIn } from '../../domain/run/ready-in.ts';
import { type RunTree, treeOf } from '../../domain/run/tree.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { nodeKinds } from '../../graph/kinds/index.ts';
import { openRuns } from '../run/runs.ts';
import type { ViewScope } from '../team/people.ts';
import { configOf } from './settings.ts';

/** A type, not an interface: answers are open-ended objects. */
export type LimitRow = {
  limit: string;
  used: number;
  /** The limit at this time: a pool whose policy is not `fixed` grows and shrinks with demand. */
  allowed: number;
  policy?: string;
};

/** The most runs whose tokens are listed, those that spent the most first. */
const RUNS = 10;

/**
 * Rows of all agents, of each pool, then of runs that spent tokens. `graph`: a definition by its hash, undefined if its
 * blob is missing.
 */
export function limitRows(
  view: View,
  { project, now, presence }: ViewScope,
  graph: (hash: string) => RunGraph | undefined,
): LimitRow[] {
  const { global_settings: settings, pools } = configOf(view, project);
  const seen = { now, lastSeen: (who: string) => presence.lastSeen(who) };
  const live = liveClaims(view.get<PoolDocument>(poolStream(project)), seen);
  const runs = openRuns(view, project);
  const inPools = Object.entries(pools).map(([limit, pool]): LimitRow => {
    const held = live.filter(({ name }) => poolOf(pools, name) === limit);
    const { policy = 'fixed', max } = pool;
    const row = { limit: `pool ${limit}`, used: held.length, policy };
    if (policy === 'fixed') return { ...row, allowed: max };
    // The size depends on the run that claims; show the largest.
    const sizes = runs.map((run) => {
      const here = held.filter((one) => one.run === run.id).length;
      return poolSize(pool, here + readyFor(run, treeOf(run, graph), (agent) => poolOf(pools, agent) === limit, seen));
    });
    return { ...row, allowed: Math.max(poolSize(pool, 0), ...sizes) };
  });
  const spent = runs.flatMap(({ id, tokens = 0 }) =>
    tokens > 0 ? [{ limit: `tokens of ${id}`, used: tokens, allowed: settings.token_budget }] : [],
  );
  return [
    ...(settings.max_concurrent_agents === 0
      ? []
      : [{ limit: 'all agents', used: live.length, allowed: settings.max_concurrent_agents }]),
    ...inPools,
    ...spent.sort((a, b) => b.used - a.used).slice(0, RUNS),
  ];
}

/** How many nodes of a run are ready for agents of a pool; `fits` says whether an agent is of the pool. */
function readyFor(
  run: Readonly<RunDocument>,
  tree: RunTree | undefined,
  fits: (agent: string) => boolean,
  { now, lastSeen }: { now: number; lastSeen: (who: string) => number | undefined },
): number {
  if (tree === undefined || run.status !== 'running') return 0;
  return readyIn(tree, { now, lastSeen, unlimited: true }).candidates.filter(({ id }) => {
    const node = tree.place(id)?.node;
    const kind = node === undefined ? undefined : nodeKinds.get(node.kind);
    if (node === undefined || kind?.performer !== 'agent') return false;
    const agent = kind.wanted?.(node).agent;
    return agent === undefined || fits(agent);
  }).length;
}
