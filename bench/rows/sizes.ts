// Rows of what must not depend on size: a write in a large document or after many commits, replay, a start on a long
// log, memory after many calls, a start beside many sessions and servers.

import fs from 'node:fs';
import { type BenchContext, interleave, median, paired, type RowGroup, timeEach } from '../lib/measure.ts';
import { StdioClient } from '../lib/stdio-client.ts';
import { runFleet } from '../lib/workers.ts';
import type { SizeWorkerOptions } from '../workers/size-worker.ts';

const MANY_COMMITS = 100_000;

async function work(context: BenchContext, options: SizeWorkerOptions): Promise<number[]> {
  const fleet = await runFleet(`${context.built}/size-worker.js`, [options]);
  return fleet.each[0]?.times ?? [];
}

async function prepared(context: BenchContext, options: Omit<SizeWorkerOptions, 'dir' | 'task'>): Promise<string> {
  const dir = context.freshDir();
  await work(context, { ...options, dir, task: 'prepare' });
  return dir;
}

export const sizeRows: RowGroup = async (context) => {
  const small = await prepared(context, { commits: 1_000, documentBytes: 10_000 });
  const large = await prepared(context, { commits: 10, sessions: 1, documentBytes: 10_000_000 });
  const many = await prepared(context, { commits: MANY_COMMITS, documentBytes: 10_000 });
  const p50 = (dir: string) => async () => median(await work(context, { dir, task: 'write' }));
  const writes = await interleave(context.rounds, { small: p50(small), large: p50(large), many: p50(many) });
  const once = (task: 'replay' | 'parse') => async () => (await work(context, { dir: many, task }))[0] ?? Number.NaN;
  const replay = await interleave(context.rounds, { parse: once('parse'), replay: once('replay') });
  return [
    {
      name: 'a write in a 10 MB document',
      floor: 'in a document of 10 KB',
      budget: { op: '<=', ratio: 1.2 },
      unit: 'ms p50',
      rounds: paired(writes.large, writes.small),
    },
    {
      name: 'a write after 100,000 commits',
      floor: 'after 1,000',
      budget: { op: '<=', ratio: 1.1 },
      unit: 'ms p50',
      rounds: paired(writes.many, writes.small),
    },
    {
      name: 'replay of 100,000 commits',
      floor: 'JSON.parse of the same lines',
      budget: { op: '<=', ratio: 3 },
      unit: 'ms',
      rounds: paired(replay.replay, replay.parse),
    },
  ];
};

async function startMs(argv: string[], dir: string): Promise<number> {
  const begun = performance.now();
  const client = new StdioClient(argv, { BATON_STATE_DIR: dir });
  await client.open();
  await client.listTools();
  const took = performance.now() - begun;
  await client.close();
  return took;
}

export const longLogRows: RowGroup = async (context) => {
  const many = await prepared(context, { commits: MANY_COMMITS, documentBytes: 10_000 });
  const bare = [process.execPath, `${context.built}/bare-server.js`];
  const baton = [process.execPath, context.baton];
  const start = await interleave(Math.max(7, context.rounds), {
    bare: () => startMs(bare, many),
    baton: () => startMs(baton, many),
  });
  return [
    {
      name: 'start to tools/list with 100,000 commits behind it',
      floor: 'bare SDK server',
      budget: { op: '<=', ratio: 1.6 },
      unit: 'ms',
      rounds: paired(start.baton, start.bare),
    },
  ];
};

/** The heap of one server, after garbage collection, after 1,000 and after 10,000 calls. */
export const heapRows: RowGroup = async (context) => {
  const rounds = [];
  for (let round = 0; round < 3; round += 1) {
    const file = `${context.freshDir()}/heap`;
    const argv = [process.execPath, '--expose-gc', '--import', `${context.built}/heap-probe.js`, context.baton];
    const client = new StdioClient(argv, {
      BATON_STATE_DIR: context.freshDir(),
      BATON_MAX_CALLS_PER_SECOND: '0',
      BENCH_HEAP_FILE: file,
    });
    await client.open();
    const call = (index: number) =>
      index % 2 === 0
        ? client.call('state_set', { path: `$.k${index % 100}`, value: { index } })
        : client.call('state_get', { path: `$.k${(index - 1) % 100}` });
    const heapMiB = async () => {
      fs.rmSync(file, { force: true });
      process.kill(client.pid ?? 0, 'SIGUSR2');
      while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 20));
      return Number(fs.readFileSync(file, 'utf8'));
    };
    await timeEach(1_000, call);
    const before = await heapMiB();
    await timeEach(9_000, call);
    rounds.push({ own: await heapMiB(), floor: before });
    await client.close();
  }
  return [
    {
      name: 'heap after a collection, after 10,000 calls',
      floor: 'the same after 1,000',
      budget: { op: '<=', ratio: 1.1 },
      unit: 'MiB',
      rounds,
    },
  ];
};

/** The start of a window among 200 sessions and 20 live servers, compared with the first window of a small store. */
export const crowdRows: RowGroup = async (context) => {
  const crowded = await prepared(context, { commits: 2_000, sessions: 200, documentBytes: 10_000 });
  const quiet = await prepared(context, { commits: 10, sessions: 1, documentBytes: 10_000 });
  const baton = [process.execPath, context.baton];
  const env = (dir: string, id: string) => ({
    BATON_STATE_DIR: dir,
    BATON_MAX_CALLS_PER_SECOND: '0',
    CLAUDE_CODE_SESSION_ID: id,
  });
  const others = Array.from({ length: 20 }, (_, index) => new StdioClient(baton, env(crowded, `other-${index}`)));
  for (const other of others) {
    await other.open();
    await other.call('state_set', { path: '$.here', value: true });
  }
  const get = async (dir: string) => {
    const client = new StdioClient(baton, env(dir, 'measured'));
    await client.open();
    await client.call('state_set', { path: '$.x', value: 1 });
    const times = await timeEach(500, () => client.call('state_get', { path: '$.x' }));
    await client.close();
    return median(times.slice(200));
  };
  const start = await interleave(context.rounds, {
    quiet: () => startMs(baton, quiet),
    crowded: () => startMs(baton, crowded),
  });
  const reads = await interleave(context.rounds, { quiet: () => get(quiet), crowded: () => get(crowded) });
  for (const other of others) await other.close();
  return [
    {
      name: 'start with 200 sessions and 20 live servers',
      floor: 'start with one',
      budget: { op: '<=', ratio: 1.5 },
      unit: 'ms',
      rounds: paired(start.crowded, start.quiet),
    },
    {
      name: 'state_get with 200 sessions and 20 live servers',
      floor: 'state_get with one',
      budget: { op: '<=', ratio: 1.5 },
      unit: 'ms p50',
      rounds: paired(reads.crowded, reads.quiet),
    },
  ];
};
