// Counts the calls that this process has served: by tool, outcome, latency and shape of path. Memory is bounded
// whatever callers send, and nothing outlives the process. tools/call/call.ts records; dashboard_get and state_get
// show.

import { MAX_PATH_CHARS } from '../config/limits.ts';
import { shapeOf } from '../path/shape.ts';
import type { CallFacts, ToolCalls } from '../views/source.ts';

/** Latencies are counted in buckets that grow by a fifth, so a percentile is right to within 10 % in 384 bytes. */
const FIRST_MS = 0.02;
const GROWTH = 1.2;
const BUCKETS = 96;
/** Only names of known tools are recorded; the bound holds should a caller's wrong names ever get here. */
const MAX_TOOLS = 200;
const MAX_FAILURES = 500;
/** Shapes of paths over all tools; further shapes are counted as `other`. */
const MAX_SHAPES = 200;
const OTHER_SHAPES = 'other';
/** A cache per tool, from path to the counts of its shape. */
const KNOWN_PATHS = 256;
const KNOWN_PATH_CHARS = 128;
/** The limit of a batch. Operations beyond it are refused, and not counted. */
const MAX_OPERATIONS = 50;

/** How a call ended; a failure by its code. */
export type CallEnd = { kind: 'answer' } | { kind: 'failure'; code: string } | { kind: 'bug' };

interface ShapeCounts {
  calls: number;
  failures: number;
}

interface ToolCounts {
  shapes: Map<string, ShapeCounts>;
  /** By the path as the caller wrote it, so that a repeated path costs one lookup. */
  known: Map<string, ShapeCounts>;
  /** True for tools whose paths are counted. There a call without a path means `$`. */
  readonly takesPath: boolean;
  calls: number;
  failures: number;
  bugs: number;
  maxMs: number;
  buckets: Uint32Array;
}

export class CallMetrics {
  private readonly since: number;
  private readonly tools = new Map<string, ToolCounts>();
  private shapes = 0;
  private readonly failures = new Map<string, { code: string; tool: string; count: number }>();

  constructor(since: number) {
    this.since = since;
  }

  /** Counts one call, with its unparsed input. Runs on every call, and costs about a microsecond. */
  record(tool: string, ms: number, end: CallEnd, input?: unknown): void {
    const counts = this.tools.get(tool) ?? this.begin(tool);
    if (counts === undefined) return;
    counts.calls += 1;
    if (ms > counts.maxMs) counts.maxMs = ms;
    const bucket = bucketOf(ms);
    counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
    if (counts.takesPath) this.recordPaths(counts, input, end.kind !== 'answer');
    if (end.kind === 'bug') counts.bugs += 1;
    if (end.kind !== 'failure') return;
    counts.failures += 1;
    const key = `${tool} ${end.code}`;
    const failure = this.failures.get(key);
    if (failure !== undefined) failure.count += 1;
    else if (this.failures.size < MAX_FAILURES) this.failures.set(key, { code: end.code, tool, count: 1 });
  }

  /** All figures so far, each list sorted by count, the highest first. */
  facts(): CallFacts {
    const tools = [...this.tools].map(([tool, counts]) => toolCalls(tool, counts)).sort((a, b) => b.calls - a.calls);
    const failures = [...this.failures.values()].map((one) => ({ ...one })).sort((a, b) => b.count - a.count);
    const paths = [...this.tools].flatMap(([tool, { shapes }]) =>
      [...shapes].map(([shape, { calls, failures: refused }]) => ({ tool, path: shape, calls, failures: refused })),
    );
    paths.sort((a, b) => b.calls - a.calls);
    return { since: new Date(this.since).toISOString(), tools, paths, failures };
  }

  private recordPaths(counts: ToolCounts, input: unknown, failed: boolean): void {
    if (typeof input !== 'object' || input === null) return;
    if (!('operations' in input)) {
      this.recordPath(counts, 'path' in input ? input.path : '$', failed);
    } else if (Array.isArray(input.operations)) {
      for (const one of input.operations.slice(0, MAX_OPERATIONS)) this.recordPath(counts, one?.path, failed);
    }
  }

  private recordPath(counts: ToolCounts, path: unknown, failed: boolean): void {
    if (typeof path !== 'string') return;
    const shape = counts.known.get(path) ?? this.countsOfShape(counts, path);
    shape.calls += 1;
    if (failed) shape.failures += 1;
  }

  private countsOfShape(counts: ToolCounts, path: string): ShapeCounts {
    const shape = path.length > MAX_PATH_CHARS ? OTHER_SHAPES : shapeOf(path);
    let found = counts.shapes.get(shape);
    if (found === undefined) {
      // Each tool has an `other` of its own, so shapes are bounded by MAX_SHAPES plus the number of tools.
      const name = this.shapes < MAX_SHAPES ? shape : OTHER_SHAPES;
      found = counts.shapes.get(name) ?? { calls: 0, failures: 0 };
      if (!counts.shapes.has(name)) this.shapes += 1;
      counts.shapes.set(name, found);
    }
    // Only short paths are cached: the cache holds them as they were sent, and must stay small.
    if (path.length <= KNOWN_PATH_CHARS) {
      if (counts.known.size >= KNOWN_PATHS) counts.known.clear();
      counts.known.set(path, found);
    }
    return found;
  }

  private begin(tool: string): ToolCounts | undefined {
    if (this.tools.size >= MAX_TOOLS) return undefined;
    const none = { calls: 0, failures: 0, bugs: 0, maxMs: 0, buckets: new Uint32Array(BUCKETS) };
    const counts = { ...none, shapes: new Map(), known: new Map(), takesPath: tool.startsWith('state_') };
    this.tools.set(tool, counts);
    return counts;
  }
}

function toolCalls(tool: string, counts: ToolCounts): ToolCalls {
  const { calls, failures, bugs, maxMs, buckets } = counts;
  const at = (share: number): number => percentile(buckets, calls, share, maxMs);
  const failed_percent = (100 * (failures + bugs)) / calls;
  return {
    tool,
    calls,
    failures,
    bugs,
    failed_percent,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
    max_ms: rounded(maxMs),
  };
}

function bucketOf(ms: number): number {
  if (!(ms > FIRST_MS)) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / FIRST_MS) / Math.log(GROWTH)));
}

/** The geometric middle, in ms, of the bucket that holds the call of rank `share` (0–1); at most `maxMs`. */
function percentile(buckets: Uint32Array, calls: number, share: number, maxMs: number): number {
  const rank = Math.max(1, Math.ceil(calls * share));
  let seen = 0;
  for (const [index, count] of buckets.entries()) {
    seen += count;
    if (seen < rank) continue;
    const middle = index === 0 ? FIRST_MS / 2 : FIRST_MS * GROWTH ** (index - 0.5);
    return rounded(Math.min(middle, maxMs));
  }
  return rounded(maxMs);
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
