// Rows of plans over stdio: writing one task among many, and the dashboard.

import fs from 'node:fs';
import { type BenchContext, interleave, median, paired, type RowGroup, timeEach } from '../lib/measure.ts';
import { StdioClient } from '../lib/stdio-client.ts';

const PER_PLAN = 200;

/** Waits until the readable documents and the checkpoint are up to date, which is the usual state of a store. */
export async function settled(dir: string, seq: number): Promise<void> {
  const known = () => {
    const file = `${dir}/checkpoint.json`;
    return fs.existsSync(file) ? Number(JSON.parse(fs.readFileSync(file, 'utf8')).fold.seq) : 0;
  };
  while (known() < seq) await new Promise((resolve) => setTimeout(resolve, 200));
}

async function planned(context: BenchContext, tasks: number): Promise<{ client: StdioClient; id: string }> {
  const dir = context.freshDir();
  const client = new StdioClient([process.execPath, context.baton], {
    BATON_STATE_DIR: dir,
    BATON_MAX_CALLS_PER_SECOND: '0',
  });
  await client.open();
  let id = '';
  let last = 0;
  for (let made = 0; made < tasks; made += PER_PLAN) {
    const keys = Array.from({ length: Math.min(PER_PLAN, tasks - made) }, (_, index) => `k${index}`);
    const { ids, seq } = await client.call('plan_save', {
      tasks: keys.map((key) => ({ key, title: `task ${made} ${key}`, points: 2 })),
    });
    id = (ids as Record<string, string>).k0 ?? id;
    last = Number(seq);
  }
  await settled(dir, last);
  return { client, id };
}

export const planRows: RowGroup = async (context) => {
  const many = await planned(context, 10_000);
  const few = await planned(context, 10);
  const write =
    ({ client, id }: typeof many) =>
    async () =>
      median(
        (await timeEach(300, (index) => client.call('task_save', { id, description: `changed ${index}` }))).slice(50),
      );
  const writes = await interleave(context.rounds, { many: write(many), few: write(few) });
  await many.client.close();
  await few.client.close();

  const { client } = await planned(context, 1_000);
  for (let index = 0; index < 20; index += 1)
    await client.call('session_start', { resume: 'new', name: `window ${index}` });
  await client.call('state_set', { path: '$.x', value: 1 });
  const p50 = (name: string, args: Record<string, unknown>) => async () =>
    median((await timeEach(250, () => client.call(name, args))).slice(50));
  const reads = await interleave(context.rounds, {
    dashboard: p50('dashboard_get', { view: 'team', format: 'text' }),
    get: p50('state_get', { path: '$.x' }),
  });
  await client.close();
  const worst = Math.max(...reads.dashboard);
  return [
    {
      name: 'a task written among 10,000 tasks',
      floor: 'among 10',
      budget: { op: '<=', ratio: 1.2 },
      unit: 'ms p50',
      rounds: paired(writes.many, writes.few),
    },
    {
      name: 'dashboard of 1,000 tasks, 20 sessions',
      floor: 'state_get',
      budget: { op: '<=', ratio: 10 },
      unit: 'ms p50',
      rounds: paired(reads.dashboard, reads.get),
      conditions: [{ name: '< 500 ms', holds: worst < 500, figure: `${worst.toFixed(1)} ms` }],
    },
  ];
};
