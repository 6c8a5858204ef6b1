// Computes when a failed node may be tried again. Called by prepare.ts and domain/run/report.ts.

import type { Graph, GraphNode, Retry } from '../graph.ts';

export type RetryPolicy = Required<Retry>;

/** By default one try: repeating work that costs tokens or money must be asked for. */
const DEFAULTS: RetryPolicy = { max_attempts: 1, backoff_s: 1, factor: 2, max_backoff_s: 60 };

/** Tries of a node with gates: what a gate finds is to be mended. */
const GATED_ATTEMPTS = 3;

/** A rate limit may ask for a pause of this length, whatever the policy says. */
export const MAX_RETRY_AFTER_S = 86_400;

/** The longest pause that a node with this policy is given. */
export function longestPauseMs(policy: RetryPolicy | undefined): number {
  return Math.max(MAX_RETRY_AFTER_S, policy?.max_backoff_s ?? 0) * 1_000;
}

/** A node's policy: its own fields, else the graph's, else the defaults. */
export function retryPolicy(graph: Pick<Graph, 'defaults'>, node: Pick<GraphNode, 'retry' | 'gates'>): RetryPolicy {
  const isGated = (node.gates?.length ?? 0) > 0;
  if (!node.retry && !graph.defaults?.retry && !isGated) return DEFAULTS;
  return { ...DEFAULTS, ...(isGated && { max_attempts: GATED_ATTEMPTS }), ...graph.defaults?.retry, ...node.retry };
}

/**
 * Milliseconds to wait after try number `attempt` (from 1) failed: exponential, capped, times `jitter` (0 to 1, a
 * random number of the caller that spreads nodes which failed together). Undefined: no try is left.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, jitter = 1): number | undefined {
  if (attempt >= policy.max_attempts) return undefined;
  const delayS = Math.min(policy.backoff_s * policy.factor ** (attempt - 1), policy.max_backoff_s);
  return Math.round(delayS * 1000 * jitter);
}
