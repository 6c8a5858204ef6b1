// Rows of many processes on one store: with sessions of their own, on one hot document, beside a slow writer, and
// killed again and again.

import { Documents } from '../../src/documents/documents.ts';
import { ok } from '../../src/failure/failure.ts';
import { fileBackend } from '../../src/store/open.ts';
import { cpuCondition, nothingLost, p99Beside, type Round, ratesOf } from '../lib/contest.ts';
import { type BenchContext, median, percentile, type Row, type RowGroup } from '../lib/measure.ts';
import { type Fleet, runFleet, startWorker } from '../lib/workers.ts';

const COUNT = 100;

/** The counter in a document, which is the number of writes that are stored. */
async function counterOf(dir: string, stream: string): Promise<number> {
  const backend = fileBackend({ dir, durability: 'fsync', forceNetworkFs: false });
  const documents = new Documents({ ...backend, now: Date.now, id: (prefix) => prefix, select: () => ok([]) });
  const n = await documents.read((view) => view.get<{ n: number }>(stream)?.n ?? 0);
  await documents.close();
  return n;
}

async function contest(context: BenchContext, processes: number, hot: boolean): Promise<Round<Fleet>> {
  const streams = Array.from({ length: processes }, (_, index) => (hot ? 'session/hot' : `session/w${index}`));
  const [dir, floorDir] = [context.freshDir(), context.freshDir()];
  const floorScript = `${context.built}/${context.sqlite ? 'sqlite' : 'append'}-worker.js`;
  const floor = await runFleet(
    floorScript,
    streams.map((stream) => ({ dir: floorDir, stream, count: COUNT, bench: context.benchDir })),
  );
  const own = await runFleet(
    `${context.built}/store-worker.js`,
    streams.map((stream) => ({ dir, stream, count: COUNT })),
  );
  let found = 0;
  for (const stream of new Set(streams)) found += await counterOf(dir, stream);
  return { own, floor, lost: own.total - found };
}

function contestRow(
  context: BenchContext,
  name: string,
  rounds: readonly Round<Fleet>[],
  budgets: { rate: number; p99: number; floorRate: number },
): Row {
  const voids = median(rounds.map(({ own }) => own.voidsPer));
  const conditions = [
    nothingLost(rounds),
    { name: 'void lines per accepted ≤ 0.5', holds: voids <= 0.5, figure: voids.toFixed(2) },
  ];
  if (context.sqlite) conditions.push(p99Beside(rounds, budgets.p99), cpuCondition(rounds));
  return {
    name,
    floor: context.sqlite ? 'SQLite WAL, synchronous=FULL' : 'append + fdatasync (SQLite not measured)',
    budget: { op: '>=', ratio: context.sqlite ? budgets.rate : budgets.floorRate },
    unit: 'writes/s',
    rounds: ratesOf(rounds),
    conditions,
  };
}

export const processRows: RowGroup = async (context) => {
  const rows: Row[] = [];
  for (const { name, processes, hot, budgets } of [
    {
      name: '10 processes × 100 durable writes, own sessions',
      processes: 10,
      hot: false,
      budgets: { rate: 1.5, p99: 0.3, floorRate: 0.75 },
    },
    {
      name: '10 processes × 100, one hot document',
      processes: 10,
      hot: true,
      budgets: { rate: 1.2, p99: 0.3, floorRate: 0.6 },
    },
    {
      name: '30 processes × 100, one hot document',
      processes: 30,
      hot: true,
      budgets: { rate: 0.6, p99: 1, floorRate: 0.3 },
    },
  ]) {
    const rounds: Round<Fleet>[] = [];
    for (let round = 0; round < context.rounds; round += 1) rounds.push(await contest(context, processes, hot));
    rows.push(contestRow(context, name, rounds, budgets));
  }
  return rows;
};

/** One process whose decisions take 5 ms, against five fast ones on the same document. */
export const slowDeciderRows: RowGroup = async (context) => {
  const rounds: Row['rounds'] = [];
  let worst = 0;
  for (let round = 0; round < context.rounds; round += 1) {
    const dir = context.freshDir();
    const fast = { dir, stream: 'session/hot', seconds: 3 };
    const fleet = await runFleet(`${context.built}/store-worker.js`, [
      { ...fast, decideMs: 5 },
      fast,
      fast,
      fast,
      fast,
      fast,
    ]);
    const counts = fleet.each.map((result) => result.times.length);
    rounds.push({ own: counts[0] ?? 0, floor: median(counts.slice(1)) });
    worst = Math.max(worst, ...(fleet.each[0]?.times ?? []));
  }
  return [
    {
      name: 'one decider of 5 ms against 5 fast writers, same document',
      floor: "the fast ones' median",
      budget: { op: '>=', ratio: 0.1 },
      unit: 'commits in 3 s',
      rounds,
      conditions: [
        { name: 'worst call of the slow one < 250 ms', holds: worst < 250, figure: `${worst.toFixed(0)} ms` },
      ],
    },
  ];
};

const KILL_SECONDS = 12;

/**
 * Kills and replaces a random one of ten processes every 300 ms: all acknowledged writes must be stored, and no process
 * may stall.
 */
export const killRows: RowGroup = async (context) => {
  const dir = context.freshDir();
  const options = { dir, stream: 'session/hot', seconds: KILL_SECONDS + 5, tell: true };
  const acked: number[] = [];
  const times: number[] = [];
  const launch = () => {
    const worker = startWorker(`${context.built}/store-worker.js`, options);
    let text = '';
    worker.child.stdout?.on('data', (chunk: string) => {
      text += chunk;
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const match = /^acked (\d+) ([\d.]+)$/.exec(line);
        if (match === null) continue;
        acked.push(Number(match[1]));
        times.push(Number(match[2]));
      }
    });
    worker.ready.then(() => worker.child.stdin?.write('go\n'));
    return worker;
  };
  const workers = Array.from({ length: 10 }, launch);
  await Promise.all(workers.map((worker) => worker.ready));
  const end = performance.now() + KILL_SECONDS * 1000;
  let kills = 0;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const victim = Math.floor(Math.random() * workers.length);
    workers[victim]?.child.kill('SIGKILL');
    kills += 1;
    workers[victim] = launch();
  }
  for (const { child } of workers) child.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const n = await counterOf(dir, 'session/hot');
  const distinct = new Set(acked).size;
  const lost = acked.filter((value) => value > n).length + (acked.length - distinct);
  const worst = Math.max(...times);
  return [
    {
      name: `kill -9 every 300 ms, 10 processes (${kills} kills, ${acked.length} acknowledged)`,
      floor: 'p99 of the same calls',
      budget: { op: '>=', ratio: 0 },
      unit: 'ms worst call of a survivor',
      rounds: [{ own: worst, floor: percentile(times, 0.99) }],
      conditions: [
        { name: 'nothing lost or doubled', holds: lost === 0, figure: `${lost}` },
        { name: 'worst survivor call < 500 ms', holds: worst < 500, figure: `${worst.toFixed(0)} ms` },
      ],
    },
  ];
};
