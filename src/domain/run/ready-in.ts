// The nodes of a run that may be claimed now, in all its open scopes together: readyNodes for each, within the limits
// of every scope around it. Used by claims, views and the runner.

import { DEFAULT_PRIORITY } from '../../graph/graph.ts';
import type { AnyNode } from '../../graph/kinds/index.ts';
import type { PreparedGraph } from '../../graph/prepare.ts';
import { type Candidate, type Limits, type NothingReady, type Ready, readyNodes } from '../../graph/ready/ready.ts';
import type { LastSeen } from '../../graph/ready/run-node.ts';
import { fenceBelow } from './document.ts';
import type { Place, RunTree, Scope } from './tree.ts';

export interface ReadyAt {
  now: number;
  lastSeen?: LastSeen | undefined;
  /** As if the run itself had no limit on claims at once. */
  unlimited?: boolean;
}

/** As `readyNodes`, of the whole run. */
export function readyIn(tree: RunTree, at: ReadyAt): Ready {
  const scopes = tree.open();
  const [root] = scopes;
  if (root !== undefined && scopes.length === 1) return readyOf(tree, root, at);
  const found = scopes.map((scope): Found => ({ scope, ready: readyOf(tree, scope, { ...at, unlimited: true }) }));
  const free = freeIn(tree, found, at);
  const candidates = ranked(
    tree,
    found.filter(({ scope }) => (free.get(scope.prefix) ?? 0) > 0),
  );
  const untils = found.flatMap(({ ready }) => ready.until ?? []);
  const until = untils.length === 0 ? {} : { until: Math.min(...untils) };
  const all: Ready = {
    candidates,
    free: free.get('') ?? 0,
    live: found.reduce((sum, { ready }) => sum + ready.live, 0),
    to_decide: found.flatMap(({ ready }) => ready.to_decide),
    left: found.reduce((sum, { ready }) => sum + ready.left, 0),
    ...until,
  };
  return candidates.length > 0 ? all : { ...all, none: { why: nothing(found), ...until } };
}

interface Found {
  scope: Scope;
  ready: Ready;
}

function readyOf(tree: RunTree, scope: Scope, { now, lastSeen, unlimited }: ReadyAt): Ready {
  const limits: Limits = tree.rulesOf(scope);
  if (unlimited === true) limits.maxParallel = Number.POSITIVE_INFINITY;
  if (lastSeen !== undefined) limits.lastSeen = lastSeen;
  return readyNodes(scope.prepared, tree.run.nodes, now, limits);
}

/** When a node became ready, in ms since the epoch: the last end among its needs, else the begin of its scope. */
export function readyTimeOf({ run }: RunTree, { scope, index }: Place): number {
  const { needs, ids } = scope.prepared;
  const of = scope.record?.of;
  const { since } = scope.record ?? {};
  const begin =
    since !== undefined ? since : of === undefined ? Date.parse(run.started_at) : (run.nodes[of]?.started_at ?? 0);
  const ends = Array.from(needs.to.subarray(needs.start[index], needs.start[index + 1]), (need) => {
    return run.nodes[ids[need] ?? '']?.ended_at ?? 0;
  });
  return Math.max(begin, ...ends);
}

/** The ready nodes that somebody should have taken by now, or will have to, with the time at which they fail. */
export function waitingSince(tree: RunTree): { id: string; fails: number; fallback: number }[] {
  return tree.open().flatMap((scope) => {
    const { prepared } = scope;
    if (!prepared.hasWaits) return [];
    const { verdicts, halted } = tree.surveyOf(scope) ?? {};
    return prepared.graph.nodes.flatMap((node, index) => {
      const wait = (node.timeouts?.wait_s ?? prepared.graph.defaults?.timeouts?.wait_s ?? 0) * 1_000;
      const id = prepared.ids[index] ?? '';
      if (wait === 0 || halted === true || verdicts?.[index] !== 'starts') return [];
      const ready = readyTimeOf(tree, { scope, index, node, id });
      const hasFallback = node.kind === 'agent' && node.fallback !== undefined;
      return [{ id, fallback: ready + wait, fails: ready + wait * (hasFallback ? 2 : 1) }];
    });
  });
}

/** How many claims each scope still allows, by its own limit and those of the scopes around it. */
function freeIn(tree: RunTree, found: readonly Found[], at: ReadyAt): Map<string, number> {
  const live = new Map<string, number>();
  for (const { scope, ready } of found)
    for (let one: Scope | undefined = scope; one !== undefined; one = one.parent)
      live.set(one.prefix, (live.get(one.prefix) ?? 0) + ready.live);
  const free = new Map<string, number>();
  for (const { scope } of found) {
    const isRoot = scope.parent === undefined;
    const limit = isRoot && at.unlimited === true ? Number.POSITIVE_INFINITY : limitOf(tree, scope);
    const own = Math.max(0, limit - (live.get(scope.prefix) ?? 0));
    free.set(scope.prefix, Math.min(own, free.get(scope.parent?.prefix ?? '') ?? Number.POSITIVE_INFINITY));
  }
  return free;
}

function limitOf(tree: RunTree, scope: Scope): number {
  const { maxParallel } = tree.rulesOf(scope);
  const { max_parallel } = scope.prepared.graph;
  return maxParallel ?? (typeof max_parallel === 'number' ? max_parallel : Number.POSITIVE_INFINITY);
}

/** All candidates, the best first: by priority, then the way to the run's end, then order in the run. */
function ranked(tree: RunTree, found: readonly Found[]): Candidate[] {
  const rows = found.flatMap(({ scope, ready }, order) => {
    const after = wayAfter(tree, scope);
    return ready.candidates.map((candidate) => {
      const index = scope.prepared.index.get(candidate.id) ?? 0;
      const node: AnyNode | undefined = scope.prepared.graph.nodes[index];
      const fence = Math.max(candidate.fence, fenceBelow(tree.run, candidate.id) + 1);
      const way = (scope.prepared.toEnd[index] ?? 0) + after;
      return { candidate: { ...candidate, fence }, priority: node?.priority ?? DEFAULT_PRIORITY, way, order };
    });
  });
  rows.sort((a, b) => a.priority - b.priority || b.way - a.way || a.order - b.order);
  return rows.map(({ candidate }) => candidate);
}

/** The heaviest way from the end of a scope to the end of the run. */
function wayAfter(tree: RunTree, { record, parent }: Scope): number {
  if (record === undefined || parent === undefined) return 0;
  return heaviestBehind(parent.prepared, record.of) + wayAfter(tree, parent);
}

function heaviestBehind({ index, dependents, toEnd }: PreparedGraph<AnyNode>, id: string): number {
  const at = index.get(id) ?? 0;
  const behind = dependents.to.subarray(dependents.start[at], dependents.start[at + 1]);
  return behind.reduce((most, next) => Math.max(most, toEnd[next] ?? 0), 0);
}

const REASONS: readonly NothingReady[] = ['all_claimed', 'waiting_retry', 'all_blocked', 'finished'];

/** The most hopeful reason of all scopes. */
function nothing(found: readonly Found[]): NothingReady {
  const reasons = new Set(found.map(({ ready }) => ready.none?.why ?? 'all_claimed'));
  return REASONS.find((one) => reasons.has(one)) ?? 'finished';
}
