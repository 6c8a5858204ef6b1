// Many real processes on one store, killed, stopped and limited; then the log is held against every answer they gave.
// Used by processes.test.ts in short and by scripts/drill.mjs at length.

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { FileStore } from '../../src/store/file/file-store.ts';

export interface Ack {
  token: string;
  seq: number;
  startedAt: bigint;
  endedAt: bigint;
  value: number;
}

export interface Findings {
  kills: number;
  acked: number;
  lost: number;
  duplicated: number;
  orderViolations: number;
  /** Readers, or counters, that came to another state than the log. */
  disagreements: number;
  worstCallMs: number;
  voidPerAccepted: number;
  commits: number;
  segments: number;
  troubles: string[];
  failures: Record<string, number>;
}

export type Role = 'write' | 'read' | 'hold';

export interface StartOptions {
  name: string;
  role?: Role;
  clockStepMs?: number;
  calls?: number;
  /** A shell prefix such as `ulimit -f 100;`. */
  limit?: string;
  /** A program and its arguments to run the worker under, such as strace. */
  under?: string[];
}

export class Drill {
  readonly acks: Ack[] = [];
  readonly failures: Record<string, number> = {};
  readonly troubles: string[] = [];
  readonly reports: [seq: number, chain: string, hot: number][] = [];
  kills = 0;
  private readonly worker: string;
  private readonly dir: string;
  private readonly running = new Set<Worker>();

  constructor(worker: string, dir: string) {
    this.worker = worker;
    this.dir = dir;
  }

  start(options: StartOptions): Worker {
    const { name, role = 'write', clockStepMs = 0, calls = 0, limit, under = [] } = options;
    const orders = JSON.stringify({ dir: this.dir, name, role, clockStepMs, calls });
    const shell = limit === undefined ? [] : ['/bin/sh', '-c', `${limit} exec "$0" "$@"`];
    const [program = '', ...args] = [...shell, ...under, process.execPath, this.worker, orders];
    // One thread for file calls where calls are counted by strace, which counts per thread.
    const env = under.length === 0 ? process.env : { ...process.env, UV_THREADPOOL_SIZE: '1' };
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
    const worker = new Worker(child, (line) => this.hear(line));
    this.running.add(worker);
    void worker.exit.then(() => this.running.delete(worker));
    return worker;
  }

  /** Keeps so many writers up for so long, killing one at random again and again. */
  async storm(options: { writers: number; ms: number; everyMs: number; kills?: number }): Promise<void> {
    const slots = Array.from({ length: options.writers }, (_, n) => this.start({ name: `w-${n}` }));
    const until = performance.now() + options.ms;
    while (performance.now() < until && this.kills < (options.kills ?? Number.POSITIVE_INFINITY)) {
      await sleep(options.everyMs * (0.5 + Math.random()));
      const at = Math.floor(Math.random() * slots.length);
      const victim = slots[at];
      if (victim === undefined || !victim.ready) continue;
      victim.child.kill('SIGKILL');
      await victim.exit;
      this.kills += 1;
      slots[at] = this.start({ name: `w-${at}` });
    }
  }

  async endAll(): Promise<void> {
    const running = [...this.running];
    for (const worker of running) worker.end();
    await Promise.all(running.map((worker) => worker.exit));
  }

  private hear(line: string): void {
    const [kind, ...words] = line.split(' ');
    if (kind === 'ack') {
      const [token = '', seq = '', startedAt = '0', endedAt = '0', value = ''] = words;
      this.acks.push({
        token,
        seq: Number(seq),
        startedAt: BigInt(startedAt),
        endedAt: BigInt(endedAt),
        value: Number(value),
      });
    } else if (kind === 'fail' || kind === 'refused') {
      const code = words.at(-1) ?? '';
      this.failures[code] = (this.failures[code] ?? 0) + 1;
    } else if (kind === 'trouble') this.troubles.push(words.join(' '));
    else if (kind === 'report') this.reports.push([Number(words[0]), words[1] ?? '', Number(words[2])]);
  }

  /** Opens the log as a stranger, without its caches, and counts what contradicts the answers. */
  async check(): Promise<Findings> {
    fs.rmSync(`${this.dir}/checkpoint.json`, { force: true });
    const store = new FileStore({ dir: this.dir, durability: 'none', onCommits: () => undefined });
    const seqOf = new Map<string, number>();
    let duplicated = 0;
    let hot = 0;
    let disagreements = store.info().stopped === undefined ? 0 : 1;
    for (let after = 0; ; ) {
      const page = await store.readAll(after, 2_000);
      for (const { seq, commit } of page) {
        after = seq;
        for (const { stream, data } of commit.events) {
          if (typeof data?.token !== 'string') continue;
          if (seqOf.has(data.token)) duplicated += 1;
          seqOf.set(data.token, seq);
          if (stream !== 'counter/hot') continue;
          hot += 1;
          if (data.n !== hot) disagreements += 1;
        }
      }
      if (page.length === 0) break;
    }
    const lost = this.acks.filter(({ token, seq }) => seqOf.get(token) !== seq).length;
    for (const [seq, chain] of this.reports) {
      if (store.log.fold.chainAt(seq) !== undefined && store.log.fold.chainAt(seq) !== chain) disagreements += 1;
    }
    const findings = {
      kills: this.kills,
      acked: this.acks.length,
      lost,
      duplicated,
      orderViolations: orderViolations(this.acks),
      disagreements,
      worstCallMs: this.worstCallMs(),
      voidPerAccepted: store.log.voids / Math.max(1, seqOf.size),
      commits: seqOf.size,
      segments: store.log.followed.size,
      troubles: [...new Set(this.troubles)],
      failures: this.failures,
    };
    await store.close();
    return findings;
  }

  private worstCallMs(): number {
    let worst = 0;
    for (const { startedAt, endedAt } of this.acks) worst = Math.max(worst, Number(endedAt - startedAt) / 1e6);
    return Math.round(worst);
  }
}

export class Worker {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  ready = false;
  readonly lines: string[] = [];

  constructor(child: ChildProcess, hear: (line: string) => void) {
    this.child = child;
    child.stdin?.on('error', () => undefined);
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.ready = true;
        if (!line.startsWith('ack')) this.lines.push(line);
        hear(line);
      });
    }
    this.exit = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  }

  end(): void {
    this.child.stdin?.end();
  }

  /** Resolves once the worker has said the word, or has ended. */
  async said(word: string): Promise<void> {
    let ended = false;
    void this.exit.then(() => {
      ended = true;
    });
    while (!ended && !this.lines.some((line) => line.startsWith(word))) await sleep(2);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whoever was answered before another began must stand before it in the log. */
function orderViolations(acks: readonly Ack[]): number {
  const byStart = [...acks].sort((x, y) => (x.startedAt < y.startedAt ? -1 : 1));
  const byEnd = [...acks].sort((x, y) => (x.endedAt < y.endedAt ? -1 : 1));
  let newest = 0;
  let ended = 0;
  let violations = 0;
  for (const ack of byStart) {
    for (let next = byEnd[ended]; next !== undefined && next.endedAt < ack.startedAt; next = byEnd[ended]) {
      newest = Math.max(newest, next.seq);
      ended += 1;
    }
    if (ack.seq <= newest) violations += 1;
  }
  return violations;
}
