// Rows of calls over stdio: reading, writing, many in flight. Each is compared with a bare SDK server that does the
// least comparable work.

import { interleave, median, paired, percentile, type RowGroup, ratePerSecond, timeEach } from '../lib/measure.ts';
import { StdioClient } from '../lib/stdio-client.ts';

const CALLS = 600;
const WARM_UP = 300;
const FLOOD = 4_000;
const IN_FLIGHT = 32;
const value = { text: 'x'.repeat(180) };

export const stdioRows: RowGroup = async (context) => {
  const bare = new StdioClient([process.execPath, `${context.built}/bare-server.js`], {
    BENCH_FILE: `${context.freshDir()}/file`,
  });
  const baton = new StdioClient([process.execPath, context.baton], {
    BATON_STATE_DIR: context.freshDir(),
    BATON_MAX_CALLS_PER_SECOND: '0',
  });
  await bare.open();
  await baton.open();
  await baton.call('state_set', { path: '$.bench.key', value });
  const calls = {
    echo: (_: number) => bare.call('echo', { path: '$.bench.key', value }),
    get: (_: number) => baton.call('state_get', { path: '$.bench.key' }),
    appendSync: (_: number) => bare.call('append_sync', { path: '$.bench.key', value }),
    set: (index: number) => baton.call('state_set', { path: `$.bench.k${index % 50}`, value }),
  };
  for (const call of Object.values(calls)) await timeEach(WARM_UP, call);
  const p50 = await interleave(context.rounds, {
    echo: async () => median(await timeEach(CALLS, calls.echo)),
    get: async () => median(await timeEach(CALLS, calls.get)),
    appendSync: async () => median(await timeEach(CALLS, calls.appendSync)),
    set: async () => median(await timeEach(CALLS, calls.set)),
  });
  const rate = await interleave(context.rounds, {
    append: () => ratePerSecond(FLOOD, IN_FLIGHT, () => bare.call('append', { path: '$.bench.key', value })),
    set: () => ratePerSecond(FLOOD, IN_FLIGHT, calls.set),
  });
  await bare.close();
  await baton.close();
  return [
    {
      name: 'state_get, warm, over stdio',
      floor: "bare SDK server's echo tool",
      budget: { op: '<=', ratio: 1.15 },
      unit: 'ms p50',
      rounds: paired(p50.get, p50.echo),
    },
    {
      name: 'state_set, durable, over stdio',
      floor: 'bare SDK tool: append 200 bytes, fdatasync',
      budget: { op: '<=', ratio: 1.25 },
      unit: 'ms p50',
      rounds: paired(p50.set, p50.appendSync),
    },
    {
      name: '32 durable writes in flight, one process',
      floor: 'the bare tool, unsynced',
      budget: { op: '>=', ratio: 0.7 },
      unit: 'calls/s',
      rounds: paired(rate.set, rate.append),
    },
  ];
};

/** state_get while another process keeps writing to the store, compared with state_get on a quiet store. */
export const getUnderWritesRows: RowGroup = async (context) => {
  const dir = context.freshDir();
  const env = { BATON_STATE_DIR: dir, BATON_MAX_CALLS_PER_SECOND: '0' };
  const reader = new StdioClient([process.execPath, context.baton], env);
  await reader.open();
  await reader.call('state_set', { path: '$.bench.key', value });
  const writer = new StdioClient([process.execPath, context.baton], { ...env, CLAUDE_CODE_SESSION_ID: 'bench-writer' });
  await writer.open();
  const get = () => reader.call('state_get', { path: '$.bench.key' });
  await timeEach(WARM_UP, get);
  const busy = async () => {
    let on = true;
    const writing = (async () => {
      for (let index = 0; on; index += 1) await writer.call('state_set', { path: `$.w.k${index % 50}`, value });
    })();
    const times = await timeEach(CALLS, get);
    on = false;
    await writing;
    return percentile(times, 0.5);
  };
  const results = await interleave(context.rounds, { quiet: async () => median(await timeEach(CALLS, get)), busy });
  await reader.close();
  await writer.close();
  return [
    {
      name: 'state_get while others write',
      floor: 'state_get on a quiet store',
      budget: { op: '<=', ratio: 2 },
      unit: 'ms p50',
      rounds: paired(results.busy, results.quiet),
    },
  ];
};
