// How many calls this process has served, what they came to and how long they took. Lives and ends with the process; call.ts
// records, dashboard_get shows.

import type { CallFacts, ToolCalls } from './views/dashboard/define.ts';

/** Latencies fall into buckets that grow by a fifth: a percentile is right to within 10 %, in a fixed few hundred bytes. */
const FIRST_MS = 0.02;
const GROWTH = 1.2;
const BUCKETS = 96;
/** Names come from our own list of tools; a caller's wrong names must not grow this. */
const MAX_TOOLS = 200;
const MAX_FAILURES = 500;

/** What a call came to: its failure's code, or `bug`. */
export type CallEnd = { kind: 'answer' } | { kind: 'failure'; code: string } | { kind: 'bug' };

interface Tally {
  calls: number;
  failures: number;
  bugs: number;
  maxMs: number;
  buckets: Uint32Array;
}

export class CallMetrics {
  private readonly since: number;
  private readonly tools = new Map<string, Tally>();
  private readonly failures = new Map<string, { code: string; tool: string; count: number }>();

  constructor(since: number) {
    this.since = since;
  }

  /** Counts one call. Costs less than a microsecond: it is made for every call. */
  record(tool: string, ms: number, end: CallEnd): void {
    const tally = this.tools.get(tool) ?? this.begin(tool);
    if (tally === undefined) return;
    tally.calls += 1;
    if (ms > tally.maxMs) tally.maxMs = ms;
    const bucket = bucketOf(ms);
    tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1;
    if (end.kind === 'bug') tally.bugs += 1;
    if (end.kind !== 'failure') return;
    tally.failures += 1;
    const key = `${tool} ${end.code}`;
    const failure = this.failures.get(key);
    if (failure !== undefined) failure.count += 1;
    else if (this.failures.size < MAX_FAILURES) this.failures.set(key, { code: end.code, tool, count: 1 });
  }

  /** The tools called most first. */
  facts(): CallFacts {
    const tools = [...this.tools].map(([tool, tally]) => toolCalls(tool, tally)).sort((a, b) => b.calls - a.calls);
    const failures = [...this.failures.values()].map((one) => ({ ...one })).sort((a, b) => b.count - a.count);
    return { since: new Date(this.since).toISOString(), tools, failures };
  }

  private begin(tool: string): Tally | undefined {
    if (this.tools.size >= MAX_TOOLS) return undefined;
    const tally = { calls: 0, failures: 0, bugs: 0, maxMs: 0, buckets: new Uint32Array(BUCKETS) };
    this.tools.set(tool, tally);
    return tally;
  }
}

function toolCalls(tool: string, { calls, failures, bugs, maxMs, buckets }: Tally): ToolCalls {
  const at = (share: number): number => percentile(buckets, calls, share, maxMs);
  return { tool, calls, failures, bugs, p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99), max_ms: rounded(maxMs) };
}

function bucketOf(ms: number): number {
  if (!(ms > FIRST_MS)) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / FIRST_MS) / Math.log(GROWTH)));
}

/** The middle of the bucket (by ratio) in which the call of that rank fell; never above the slowest call. */
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
