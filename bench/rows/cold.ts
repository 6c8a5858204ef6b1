// Rows of freshly started servers and their first hundred calls, as a user of several windows meets them: no code is
// optimised yet.

import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contestant, cpuRow, nothingLost, p99Beside, type Round, ratesOf } from '../lib/contest.ts';
import { LineClient } from '../lib/line-client.ts';
import { type BenchContext, median, percentile, type Row, type RowGroup, timeEach } from '../lib/measure.ts';

const COUNT = 100;
/** Longer than the time after which an idle server opens its store, which is part of the start. */
const SETTLE_MS = 300;
const SETTLE_TRIES = 30;

interface Side extends Contestant {
  /** The client's share of all processor time. */
  clientShare: number;
}

interface Fleet {
  tool: string;
  servers: { argv: string[]; env: Record<string, string> }[];
}

/** A write whose value identifies it, so that an acknowledged write can be looked for afterwards. */
function markedWrite(server: number, index: number) {
  return { path: `$.bench.k${index % 50}`, value: { mark: `${server}.${index}`, text: 'x'.repeat(180) } };
}

/** Waits until the servers are idle, after the work that they do at their start. */
async function settled(cpuMs: () => number): Promise<void> {
  let known = Number.NaN;
  for (let tries = 0; tries < SETTLE_TRIES && known !== cpuMs(); tries += 1) {
    known = cpuMs();
    await sleep(SETTLE_MS);
  }
}

/** Starts all servers, then lets each serve its calls one after another, all servers at once. */
async function firstCalls({ tool, servers }: Fleet): Promise<Side> {
  const clients = servers.map(({ argv, env }) => new LineClient(argv, env));
  const serversCpu = () => clients.reduce((sum, client) => sum + client.cpuMs(), 0);
  await Promise.all(clients.map((client) => client.open()));
  await settled(serversCpu);
  const before = serversCpu();
  const ownBefore = process.cpuUsage();
  const start = performance.now();
  const times = await Promise.all(
    clients.map((client, server) => timeEach(COUNT, (index) => client.call(tool, markedWrite(server, index)))),
  );
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(ownBefore);
  const cpuMs = serversCpu() - before;
  await Promise.all(clients.map((client) => client.close()));
  const clientMs = (user + system) / 1000;
  const all = times.flat();
  return {
    total: all.length,
    ratePerSecond: all.length / seconds,
    p99: percentile(all, 0.99),
    cpuMsPerWrite: cpuMs / all.length,
    clientShare: clientMs / (clientMs + cpuMs),
  };
}

/** The number of different marked writes that a new process finds in the valid lines of the log. */
function writesIn(context: BenchContext, dir: string): number {
  const lines = execFileSync(process.execPath, [context.baton, 'export', '--state-dir', dir], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  return new Set(lines.match(/"mark":"\d+\.\d+"/g)).size;
}

async function contest(context: BenchContext, count: number, shared: boolean, ownFirst: boolean): Promise<Round<Side>> {
  const [dir, floorDir] = [context.freshDir(), context.freshDir()];
  const streams = Array.from({ length: count }, (_, index) => (shared ? 'bench-hot' : `bench-w${index}`));
  const fleets = {
    // As clients start them: each window has a name, and windows of one name share a session.
    own: {
      tool: 'state_set',
      servers: streams.map((stream) => ({
        argv: [process.execPath, context.baton],
        env: { BATON_STATE_DIR: dir, BATON_SESSION: '', CLAUDE_CODE_SESSION_ID: stream },
      })),
    },
    floor: context.sqlite
      ? {
          tool: 'write',
          servers: streams.map((stream) => {
            const options = JSON.stringify({ dir: floorDir, stream, bench: context.benchDir });
            return { argv: [process.execPath, `${context.built}/sqlite-server.js`, options], env: {} };
          }),
        }
      : {
          tool: 'append_sync',
          servers: streams.map(() => ({
            argv: [process.execPath, `${context.built}/bare-server.js`],
            env: { BENCH_FILE: `${floorDir}/floor.jsonl` },
          })),
        },
  };
  const first = ownFirst ? await firstCalls(fleets.own) : undefined;
  const floor = await firstCalls(fleets.floor);
  const own = first ?? (await firstCalls(fleets.own));
  return { own, floor, lost: own.total - writesIn(context, dir) };
}

function clientShare(rounds: readonly Round<Side>[]) {
  const share = (side: 'own' | 'floor') =>
    `${(100 * median(rounds.map((round) => round[side].clientShare))).toFixed(0)} %`;
  return { name: "client's share of CPU", holds: true, figure: `${share('own')}, beside the floor ${share('floor')}` };
}

export const coldRows: RowGroup = async (context) => {
  const rows: Row[] = [];
  for (const { count, shared, appendRate } of [
    { count: 10, shared: true, appendRate: 0.6 },
    { count: 10, shared: false, appendRate: 0.75 },
    { count: 30, shared: true, appendRate: 0.3 },
    { count: 30, shared: false, appendRate: 0.75 },
  ]) {
    const rounds: Round<Side>[] = [];
    for (let round = 0; round < context.rounds; round += 1)
      rounds.push(await contest(context, count, shared, round % 2 === 1));
    const what = `${count} fresh stdio servers × ${COUNT} writes, ${shared ? 'one document' : 'own sessions'}`;
    const floor = context.sqlite ? 'bare SDK servers on SQLite FULL' : 'bare SDK servers, append + fdatasync';
    rows.push({
      name: what,
      floor,
      budget: { op: '>=', ratio: context.sqlite ? 1 : appendRate },
      unit: 'writes/s',
      rounds: ratesOf(rounds),
      conditions: [nothingLost(rounds), p99Beside(rounds), clientShare(rounds)],
    });
    if (context.sqlite) rows.push(cpuRow(`${what}: CPU of the servers`, floor, rounds));
  }
  return rows;
};
