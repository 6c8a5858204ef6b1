// Rows of a store with a long past: sends, claims, every dashboard view and a server's start among 100,000 tasks,
// 100,000 messages, 140,000 kept requests, 10,000 runs and a million commits, beside the same at a hundredth of it. With
// fewer than five rounds the large store is a tenth of that.

import { dashboardViews } from '../../src/dashboard/index.ts';
import { VIEW_NAMES } from '../../src/dashboard/names.ts';
import { type BenchContext, interleave, median, paired, type Row, type RowGroup, timeEach } from '../lib/measure.ts';
import { StdioClient } from '../lib/stdio-client.ts';
import { settled } from './plans.ts';

const SIZES = { tasks: 100_000, messages: 100_000, states: 40_000, runs: 10_000, commits: 1_000_000 };
const PER_PLAN = 200;
const LANES = 64;
const OPEN_RUNS = 10;
/** Longest that another call may be held up. */
const PAUSE_MS = 20;

async function inLanes(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await call(next - 1);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

function opened(context: BenchContext, dir: string, more: Record<string, string> = {}): StdioClient {
  const env = { BATON_STATE_DIR: dir, BATON_SESSION: '', BATON_MAX_CALLS_PER_SECOND: '0', ...more };
  return new StdioClient([process.execPath, context.baton], env);
}

/** Fills a store through the tools of one server; `share` of SIZES. */
async function filled(context: BenchContext, share: number): Promise<string> {
  const dir = context.freshDir();
  const client = opened(context, dir, { BATON_DURABILITY: 'none' });
  await client.open();
  const size = (of: keyof typeof SIZES) => Math.round(SIZES[of] * share);
  await client.call('graph_check', { save_as: 'one', nodes: [{ id: 'a', kind: 'agent', task: 'do it' }] });
  for (let made = 0; made < size('tasks'); made += PER_PLAN) {
    const tasks = Array.from({ length: PER_PLAN }, (_, at) => ({ key: `k${at}`, title: `task ${made} ${at}` }));
    await client.call('plan_save', { tasks });
  }
  await inLanes(size('messages'), (at) =>
    client.call('message_send', { to: `channel:c${at % 20}`, text: `message ${at}`, request_id: `m${at}` }),
  );
  const value = { text: 'x'.repeat(100) };
  await inLanes(size('states'), (at) =>
    client.call('state_set', { path: `$.k${at % 50}`, value, request_id: `s${at}` }),
  );
  await inLanes(size('runs'), async (at) => {
    const { run } = await client.call('run_start', { graph: 'one' });
    if (at >= OPEN_RUNS) await client.call('run_control', { run, action: 'cancel' });
  });
  const { seq } = await client.call('state_set', { path: '$.x', value: 0 });
  await inLanes(size('commits') - Number(seq), (at) => client.call('state_set', { path: `$.k${at % 50}`, value: at }));
  const { seq: last } = await client.call('state_set', { path: '$.x', value: 1 });
  await settled(dir, Number(last));
  await client.close();
  return dir;
}

async function startMs(context: BenchContext, dir: string): Promise<number> {
  const begun = performance.now();
  const client = opened(context, dir);
  await client.open();
  await client.listTools();
  await client.call('session_start', {});
  const took = performance.now() - begun;
  await client.close();
  return took;
}

/** Calls of one server, and the longest that a small call beside them took. */
async function beside(client: StdioClient, call: (index: number) => Promise<unknown>, count: number) {
  const pauses: number[] = [];
  let ended = false;
  const others = (async () => {
    while (!ended) pauses.push(...(await timeEach(1, () => client.call('state_get', { path: '$.x' }))));
  })();
  const times = await timeEach(count, call);
  ended = true;
  await others;
  return { p50: median(times), pause: Math.max(...pauses) };
}

export const largeRows: RowGroup = async (context) => {
  const share = context.rounds >= 5 ? 1 : 0.1;
  const large = await filled(context, share);
  const small = await filled(context, share / 100);
  const start = await interleave(context.rounds, {
    large: () => startMs(context, large),
    small: () => startMs(context, small),
  });
  const clients = { large: opened(context, large), small: opened(context, small) };
  let calls = 0;
  const measured: Record<string, (client: StdioClient) => Promise<unknown>> = {
    message_send: (client) => client.call('message_send', { to: 'channel:c1', text: 'hello' }),
    run_claim: (client) => client.call('run_claim', { agent: `a${calls++}` }),
  };
  for (const view of VIEW_NAMES)
    measured[`dashboard ${dashboardViews[view].name}`] = (client) => client.call('dashboard_get', { view });
  const rows: Row[] = [];
  for (const client of Object.values(clients)) {
    await client.open();
    await client.call('session_start', {});
    await client.call('project_save', { config: { global_settings: { max_concurrent_agents: 0 } } });
    // What a server makes at the first use of a view is part of its first minute, not of each call.
    for (const call of Object.values(measured)) await call(client);
  }
  for (const [name, call] of Object.entries(measured)) {
    let worst = 0;
    const at = (client: StdioClient) => async () => {
      const { p50, pause } = await beside(client, () => call(client), 20);
      if (client === clients.large) worst = Math.max(worst, pause);
      return p50;
    };
    const both = await interleave(context.rounds, { large: at(clients.large), small: at(clients.small) });
    rows.push({
      name: `${name} in a store with a long past`,
      floor: 'in one of a hundredth',
      budget: { op: '<=', ratio: 1.5 },
      unit: 'ms p50',
      rounds: paired(both.large, both.small),
      conditions: [
        {
          name: `worst pause of another call ≤ ${PAUSE_MS} ms`,
          holds: worst <= PAUSE_MS,
          figure: `${worst.toFixed(1)} ms`,
        },
      ],
    });
  }
  for (const client of Object.values(clients)) await client.close();
  const floor = 'with a hundredth';
  const budget = { op: '<=' as const, ratio: 1.5 };
  const rounds = paired(start.large, start.small);
  return [{ name: 'start to a session with a long past', floor, budget, unit: 'ms', rounds }, ...rows];
};
