// The shape of a graph definition without its node kinds: the rules of graph/ know only the fields that all nodes
// share. A kind adds its own fields in kinds/<kind>.ts; kinds/index.ts joins the kinds into one union. Used by all of
// graph/, and by rooms that read definitions.

import type { Json } from '../json/json.ts';
import type { Fields, FieldsOf } from './fields.ts';
import { TRIGGERS, type Trigger } from './trigger.ts';

/**
 * The effect of a second start of a node. `pure` and `idempotent` nodes may be started again when it is unknown whether
 * the first start completed; a `once` node only after somebody's decision.
 */
export type Effect = 'pure' | 'idempotent' | 'once';

/** `compensate`: as fail_fast, and then what has finished is undone where nodes say how. */
export type FailurePolicy = 'fail_fast' | 'continue' | 'compensate';

/** How often a node may be tried, and the pauses between tries in seconds. */
export interface Retry {
  /** Tries in all, 1–10. */
  max_attempts?: number;
  backoff_s?: number;
  factor?: number;
  max_backoff_s?: number;
}

/**
 * Seconds. `run_s`: from start to end of one try. `total_s`: of all tries. `wait_s`: from ready to the first claim.
 * `lease_s`: how long a claim lasts without a sign of life.
 */
export interface Timeouts {
  run_s?: number;
  total_s?: number;
  wait_s?: number;
  lease_s?: number;
}

export interface Estimate {
  tokens?: number;
  cost_usd?: number;
}

/** One item of work for each element of a list. */
export interface MapSpec {
  /** A literal list, or the path of one in {inputs, needs}. */
  over: Json;
  /** The path, in an item, of the text or number that names it; absent: the item itself, else its hash. */
  key?: string;
  /** The most items in work at once. */
  max_parallel?: number;
  /** What must finish for the map to finish: `all` (default), `collect`, `first_success` or {at_least: n}. */
  partial?: Json;
}

/** A node that is done again until a condition holds. */
export interface RepeatSpec {
  /** A condition over {output, iteration}. */
  until: string;
  /** Iterations in all, 1–100. */
  max: number;
  /** The pause between two. */
  delay_s?: number;
}

/** What work on a node must pass before it counts as done; gates/ describes the further fields of each kind. */
export interface GateSpec {
  id: string;
  kind: string;
}

/** The fields that nodes of every kind have. */
export interface GraphNode {
  id: string;
  kind: string;
  title?: string;
  /** The work in words: the goal of the brief. */
  task?: string;
  /** Ids of the nodes that must be finished or skipped before this one starts. */
  needs?: string[];
  /** Which ends of its needs start it; absent: all_success. See trigger.ts. */
  trigger?: Trigger;
  /** With n_of: how many needs must have succeeded. */
  n?: number;
  /** A failure of what it needs does not halt or fail the run while it can run or has finished. */
  handles?: boolean;
  /** A condition over {inputs, needs, item, key}: evaluated once, when the trigger holds; false skips the node. */
  when?: string;
  map?: MapSpec;
  repeat?: RepeatSpec;
  /** How it is undone: the kind and the fields of an agent or command node. */
  compensate?: Json;
  gates?: GateSpec[];
  /** 1 (first) to 5 (last). */
  priority?: number;
  /** What it may cost, for forecasts. */
  estimate?: Estimate;
  /** Expected duration in seconds; default the mean of the given ones, or 1 if none is given. */
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
  /** The most nodes claimed at once; "auto" is resolved by the process that starts the run. Absent: no limit. */
  max_parallel?: number | 'auto';
  on_failure?: FailurePolicy;
  defaults?: { retry?: Retry; timeouts?: Timeouts };
  /** A point in time, ISO 8601, or seconds from the start, after which a run of it starts nothing any more. */
  deadline?: string;
  wall_s?: number;
  /** As a sub-graph: its output, with {"$from": "$.nodes.x.output"} places; absent: that of nodes nobody needs. */
  output?: Json;
  nodes: N[];
}

/** A fault of a definition: `at` is a JSON Pointer into it, `hint` says what to change. */
export interface Fault {
  code: string;
  at: string;
  message: string;
  hint: string;
}

/**
 * Who does the work of a node. `agent`: any agent that claims it over MCP. `server`: a server process that has an
 * executor of the kind (runner/executors/). `person`: somebody answers. `engine`: the commands on runs.
 */
export type Performer = 'agent' | 'server' | 'person' | 'engine';

/** What the rules of graph/ need to know of a node kind. kinds/define.ts adds what running one takes. */
export interface KindRules {
  readonly kind: string;
  readonly performer: Performer;
  /** What the run makes of such a node when it may start, without a claim: it opens a scope, or awaits something. */
  readonly begins?: 'scope' | 'awaiting';
  readonly defaultEffect: Effect;
  /** Fields beyond those of GraphNode. */
  readonly fields: Fields;
  /**
   * Every fault of the kind's own fields beyond their descriptions; `at` is the node's JSON Pointer. Called only if the
   * values have the described types. Contract: must not throw.
   */
  check(node: GraphNode, at: string): Fault[];
}

export type Kinds = ReadonlyMap<string, KindRules>;

/** The longest try, lease or pause in seconds: more than 30 days is a mistaken unit. */
const MAX_S = 30 * 24 * 3600;
const NODE_ID = { type: 'text', max: 64 } as const;
const EFFECTS = ['pure', 'idempotent', 'once'] as const satisfies readonly Effect[];

const RETRY_FIELDS: FieldsOf<Retry> = {
  max_attempts: { type: 'number', whole: true, min: 1, max: 10, about: 'tries in all; default 1' },
  backoff_s: { type: 'number', min: 0, max: MAX_S, about: 'the pause after the first failed try' },
  factor: { type: 'number', min: 1, max: 100, about: 'what each further pause is multiplied by' },
  max_backoff_s: { type: 'number', min: 0, max: MAX_S, about: 'the longest pause' },
};

const TIMEOUT_FIELDS: FieldsOf<Timeouts> = {
  run_s: { type: 'number', min: 0.001, max: MAX_S, about: 'from start to end of one try' },
  total_s: { type: 'number', min: 0.001, max: MAX_S, about: 'all tries together', unlisted: true },
  wait_s: {
    type: 'number',
    min: 0.001,
    max: MAX_S,
    about: 'how long it may be ready without a claim; then its fallback may take it, or it fails',
    unlisted: true,
  },
  lease_s: { type: 'number', min: 1, max: MAX_S, about: 'how long a claim lasts without a sign of life' },
};

const ESTIMATE_FIELDS: FieldsOf<Estimate> = {
  tokens: { type: 'number', whole: true, min: 0, max: 1_000_000_000, about: 'tokens of one try' },
  cost_usd: { type: 'number', min: 0, max: 1_000_000, about: 'dollars of one try' },
};

const MAP_FIELDS: FieldsOf<MapSpec> = {
  over: { type: 'json', about: 'a list, or the path of one in {inputs, needs}, such as "$.needs.list.output.files"' },
  key: { type: 'text', max: 200, about: 'the path in an item of what names it; default the item itself' },
  max_parallel: { type: 'number', whole: true, min: 1, max: 1_000, about: 'the most items in work at once' },
  partial: {
    type: 'json',
    about: 'all (default): a failed item fails it; collect: whatever became of them; first_success; {at_least: n}',
  },
};

const REPEAT_FIELDS: FieldsOf<RepeatSpec> = {
  until: { type: 'text', max: 1_000, about: 'a filter over {output, iteration}, such as "@.output.open == 0"' },
  max: { type: 'number', whole: true, min: 1, max: 100, about: 'iterations in all; then it fails not_converged' },
  delay_s: { type: 'number', min: 0, max: MAX_S, about: 'the pause between two' },
};

/** Descriptions of the fields of GraphNode; a kind describes its own. */
export const SHARED_FIELDS: FieldsOf<GraphNode> = {
  id: { ...NODE_ID, about: 'unique in the graph: a–z, 0–9, dot, dash and underscore' },
  kind: { type: 'text', max: 64, about: 'who does it, and which fields it has' },
  title: { type: 'text', max: 200, about: 'its name for people; default its id' },
  task: { type: 'text', max: 20_000, about: 'what to do, in words', listed: 'agent: all it is told' },
  needs: { type: 'list', of: NODE_ID, max: 5_000, about: 'nodes that must be finished or skipped before' },
  trigger: {
    type: 'choice',
    of: TRIGGERS,
    about: 'which ends of its needs start it; default all_success. all_done: whatever became of them',
    unlisted: true,
  },
  n: {
    type: 'number',
    whole: true,
    min: 1,
    max: 5_000,
    about: 'with n_of: how many needs must have succeeded',
    unlisted: true,
  },
  handles: {
    type: 'flag',
    about: 'a failure before it, which it is started by, does not halt or fail the run',
    unlisted: true,
  },
  when: {
    type: 'text',
    max: 1_000,
    about:
      'a filter as in state paths over {inputs, needs: {id: {status, output, why}}}, asked once its trigger holds: ' +
      'false skips the node',
    unlisted: true,
  },
  repeat: {
    type: 'group',
    fields: REPEAT_FIELDS,
    about: 'done again, with its last output, until a condition holds',
    unlisted: true,
  },
  compensate: {
    type: 'json',
    about:
      'how it is undone when a run with on_failure compensate fails or is cancelled: kind and fields of an agent or ' +
      'command node; {"$from": path} may also ask for output, what the node brought',
    unlisted: true,
  },
  map: { type: 'group', fields: MAP_FIELDS, about: 'one item of work for each element of a list', unlisted: true },
  gates: {
    type: 'list',
    of: { type: 'map', of: { type: 'json' } },
    max: 20,
    about: 'what reported work must pass: {id, kind: schema, threshold, command, review or approval, …, waivable}',
    unlisted: true,
  },
  effect: {
    type: 'choice',
    of: EFFECTS,
    about: 'what a second start may do: once is never repeated without a decision',
    listed: 'once: no repeat without a decision',
  },
  priority: { type: 'number', whole: true, min: 1, max: 5, about: '1 goes first; default 3' },
  estimate: { type: 'group', fields: ESTIMATE_FIELDS, about: 'what it may cost, for the forecast', unlisted: true },
  estimate_s: { type: 'number', min: 0, max: MAX_S, about: 'how long it may take, for the critical path' },
  retry: { type: 'group', fields: RETRY_FIELDS, about: 'how often it may fail, and the pauses between tries' },
  timeouts: { type: 'group', fields: TIMEOUT_FIELDS, about: 'how long a try and a silent claim may last' },
};

/**
 * What other programs call the fields of a node: near names alone would not find these. Used where a node has an
 * unknown field.
 */
export const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ...['trigger_rule', 'run_when', 'always', 'rule', 'needs_rule', 'run_on', 'run_after'].map(
    (name): [string, string] => [name, 'trigger, such as "all_done" (whatever became of its needs) or "any_failed"'],
  ),
  ...['if', 'run_if', 'condition', 'skip_unless', 'unless'].map((name): [string, string] => [
    name,
    'when, such as "@.needs.test.output.passed == true"',
  ]),
  ...['continue_on', 'continue_on_error', 'allow_failure', 'ignore_errors', 'catch', 'on_error'].map(
    (name): [string, string] => [name, 'handles on the node that needs it, with trigger "all_done" or "any_failed"'],
  ),
  ...['depends_on', 'dependencies', 'deps', 'requires', 'after'].map((name): [string, string] => [name, 'needs']),
]);

/**
 * The most nodes of a graph. Graph operations are linear; the limit keeps one definition within one message and one
 * blob.
 */
export const MAX_NODES = 20_000;
export const DEFAULT_PRIORITY = 3;
/** The default lease: long enough for a slow build between two calls of an agent; a process renews at a third of it. */
export const DEFAULT_LEASE_S = 600;

/** The effect of a node: its own, else its kind's, else `once`. */
export function effectOf(node: GraphNode, kinds: Kinds): Effect {
  return node.effect ?? kinds.get(node.kind)?.defaultEffect ?? 'once';
}

/**
 * The definition as text with sorted keys, so that equal definitions have one hash. Defaults are not filled in, so that
 * a later release may change one without changing stored hashes. The order of nodes is kept: it breaks ties.
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
