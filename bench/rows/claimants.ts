// The row of many claimants: 50 agents in 10 servers take and report the nodes of one run, beside as many appends.

import { LineClient } from '../lib/line-client.ts';
import { type BenchContext, percentile, type RowGroup, timeEach } from '../lib/measure.ts';
import { runFleet } from '../lib/workers.ts';

const SERVERS = 10;
const AGENTS = 5;
const NODES = 500;
const P99_MS = 500;

async function claims(context: BenchContext): Promise<number[]> {
  const dir = context.freshDir();
  const env = { BATON_STATE_DIR: dir, BATON_MAX_CALLS_PER_SECOND: '0', BATON_SESSION: '' };
  const clients = Array.from(
    { length: SERVERS },
    (_, index) =>
      new LineClient([process.execPath, context.baton], { ...env, CLAUDE_CODE_SESSION_ID: `claimant-${index}` }),
  );
  for (const client of clients) {
    await client.open();
    await client.call('session_start', {});
  }
  const [first] = clients;
  await first?.call('project_save', { config: { global_settings: { max_concurrent_agents: 0 } } });
  const nodes = Array.from({ length: NODES }, (_, index) => ({ id: `n${index}`, kind: 'agent', task: 'work' }));
  await first?.call('graph_check', { save_as: 'many', nodes });
  await first?.call('run_start', { graph: 'many' });
  const times: number[] = [];
  const work = async (client: LineClient, agent: string): Promise<void> => {
    for (;;) {
      let claim: unknown;
      const took = await timeEach(1, async () => {
        ({ claim } = await client.call('run_claim', { agent }));
      });
      if (claim === undefined) return;
      times.push(...took);
      await client.call('run_report', { claim, status: 'done' });
    }
  };
  await Promise.all(
    clients.flatMap((client) => Array.from({ length: AGENTS }, (_, index) => work(client, `agent-${index}`))),
  );
  for (const client of clients) await client.close();
  if (times.length !== NODES) throw new Error(`${times.length} claims of ${NODES} nodes`);
  return times;
}

export const claimantRows: RowGroup = async (context) => {
  const rounds = [];
  for (let round = 0; round < context.rounds; round += 1) {
    const floorDir = context.freshDir();
    const each = Array.from({ length: SERVERS }, () => ({ dir: floorDir, count: (2 * NODES) / SERVERS }));
    const floor = await runFleet(`${context.built}/append-worker.js`, each);
    rounds.push({ own: percentile(await claims(context), 0.99), floor: floor.p99 });
  }
  const worst = Math.max(...rounds.map(({ own }) => own));
  return [
    {
      name: `run_claim of ${SERVERS * AGENTS} agents in ${SERVERS} servers on one run`,
      floor: 'as many appends, each with fdatasync',
      budget: { op: '>=', ratio: 0 },
      unit: 'ms p99',
      rounds,
      conditions: [{ name: `p99 ≤ ${P99_MS} ms`, holds: worst <= P99_MS, figure: `${worst.toFixed(0)} ms` }],
    },
  ];
};
