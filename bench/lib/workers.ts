// Starts worker processes, gives all of them the start signal at once, and collects their results. Used by rows/.

import { type ChildProcess, spawn } from 'node:child_process';
import type { WorkerResult } from '../workers/protocol.ts';
import type { Contestant } from './contest.ts';
import { percentile } from './measure.ts';

export interface Fleet extends Contestant {
  worst: number;
  /** Void lines per acknowledged operation, by the highest count of any process. */
  voidsPer: number;
  each: WorkerResult[];
}

interface Worker {
  child: ChildProcess;
  ready: Promise<void>;
  result: Promise<WorkerResult>;
}

export function startWorker(script: string, options: object): Worker {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  let readied: () => void = () => undefined;
  let finished: (result: WorkerResult) => void = () => undefined;
  let failed: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    readied = resolve;
  });
  const result = new Promise<WorkerResult>((resolve, reject) => {
    finished = resolve;
    failed = reject;
  });
  result.catch(() => undefined);
  child.stdout?.setEncoding('utf8');
  child.stdout?.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (line === 'ready') readied();
      else if (line.startsWith('{')) finished(JSON.parse(line));
    }
  });
  child.on('exit', (code) => failed(new Error(`a worker ended with ${code}`)));
  return { child, ready, result };
}

/** Runs one worker per options object. All are started before any gets the start signal. */
export async function runFleet(script: string, options: readonly object[]): Promise<Fleet> {
  const workers = options.map((each) => startWorker(script, each));
  await Promise.all(workers.map((worker) => worker.ready));
  const start = performance.now();
  for (const { child } of workers) child.stdin?.write('go\n');
  const each = await Promise.all(workers.map((worker) => worker.result));
  const seconds = (performance.now() - start) / 1000;
  const times = each.flatMap((result) => result.times);
  return {
    ratePerSecond: times.length / seconds,
    p99: percentile(times, 0.99),
    worst: Math.max(...times),
    total: times.length,
    cpuMsPerWrite: each.reduce((sum, result) => sum + result.cpuMs, 0) / times.length,
    voidsPer: Math.max(...each.map((result) => result.voids)) / times.length,
    each,
  };
}
