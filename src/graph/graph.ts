// What a graph definition is, without its node kinds: graph/ knows only the part that all nodes share. A kind adds its
// own fields in kinds/<kind>.ts; kinds/index.ts joins them into one union.

/**
 * What a second start of the same node may do to the world. `pure` and `idempotent` may be started again when nobody
 * knows whether the first start came to its end; `once` never without somebody's decision.
 */
export type Effect = 'pure' | 'idempotent' | 'once';

export type FailurePolicy = 'fail_fast' | 'continue';

/** How often a node may fail, and how long to wait between tries (seconds). */
export interface Retry {
  /** Tries in all, 1–10. */
  max_attempts?: number;
  backoff_s?: number;
  factor?: number;
  max_backoff_s?: number;
}

/** Seconds. `run_s`: from start to end of one try. `lease_s`: how long a claim lasts without a sign of life. */
export interface Timeouts {
  run_s?: number;
  lease_s?: number;
}

/** The part of a node that every kind has. */
export interface GraphNode {
  id: string;
  kind: string;
  title?: string;
  /** What to do, in words: the goal of the brief. */
  task?: string;
  /** Ids of the nodes that must be finished or skipped before this one starts. */
  needs?: string[];
  /** 1 (first) to 5 (last). */
  priority?: number;
  /** Expected duration in seconds; nodes without one count as the mean of those that have one, or as 1. */
  estimate_s?: number;
  retry?: Retry;
  timeouts?: Timeouts;
  /** Absent: the kind's own default. */
  effect?: Effect;
}

/** A definition. Immutable once a run uses it: a run names it by the hash of `canonicalGraph`. */
export interface Graph<N extends GraphNode = GraphNode> {
  name: string;
  description?: string;
  /**
   * How many nodes may be claimed at once; "auto" is worked out by the process that starts the run. Absent: no limit.
   */
  max_parallel?: number | 'auto';
  on_failure?: FailurePolicy;
  defaults?: { retry?: Retry; timeouts?: Timeouts };
  nodes: N[];
}

/** One thing wrong with a definition: `at` is a JSON Pointer into it, `hint` says what to change. */
export interface Fault {
  code: string;
  at: string;
  message: string;
  hint: string;
}

/** What graph rules must know of a node kind. `kinds/define.ts` extends it with what running one takes. */
export interface KindRules {
  readonly kind: string;
  readonly defaultEffect: Effect;
  /** Fields beyond those of GraphNode. */
  readonly fields: readonly string[];
  /** Every fault of the kind's own fields; `at` is the node's JSON Pointer. Contract: must not throw. */
  check(node: GraphNode, at: string): Fault[];
}

export type Kinds = ReadonlyMap<string, KindRules>;

/** The fields of GraphNode: whatever else a node carries belongs to its kind. */
export const SHARED_FIELDS: readonly (keyof GraphNode)[] = [
  'id',
  'kind',
  'title',
  'task',
  'needs',
  'priority',
  'estimate_s',
  'retry',
  'timeouts',
  'effect',
];

/** Every graph operation is linear, so this only keeps one definition within one message and one blob. */
export const MAX_NODES = 20_000;
export const DEFAULT_PRIORITY = 3;
/** Long enough for an agent's slow build between two calls; a process renews at a third of it. */
export const DEFAULT_LEASE_S = 600;

/** The effect of a node: its own, else its kind's, else the careful one. */
export function effectOf(node: GraphNode, kinds: Kinds): Effect {
  return node.effect ?? kinds.get(node.kind)?.defaultEffect ?? 'once';
}

/**
 * The definition as text with sorted keys, so that equal definitions have equal text and one hash. Defaults are not
 * filled in: a later release may change one without renaming what is stored. The order of nodes counts (it breaks
 * ties).
 */
export function canonicalGraph(graph: Graph): string {
  return JSON.stringify(graph, sortKeys);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
