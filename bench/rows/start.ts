// Rows of the cost of an idle window: the time from start to tools/list, and memory.

import fs from 'node:fs';
import { interleave, paired, type RowGroup } from '../lib/measure.ts';
import { StdioClient } from '../lib/stdio-client.ts';

async function startMs(argv: string[], env: Record<string, string>): Promise<number> {
  const begun = performance.now();
  const client = new StdioClient(argv, env);
  await client.open();
  await client.listTools();
  const took = performance.now() - begun;
  await client.close();
  return took;
}

/** The resident set in MiB, from /proc. */
function residentMiB(pid: number | null): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

async function residentAfterStart(argv: string[], env: Record<string, string>): Promise<number> {
  const client = new StdioClient(argv, env);
  await client.open();
  await client.listTools();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const mib = residentMiB(client.pid);
  await client.close();
  return mib;
}

export const startRows: RowGroup = async (context) => {
  const bare = [process.execPath, `${context.built}/bare-server.js`];
  const baton = [process.execPath, context.baton];
  const env = { BATON_STATE_DIR: context.freshDir() };
  await startMs(baton, env);
  await startMs(bare, {});
  const rounds = Math.max(context.rounds, 7);
  const start = await interleave(rounds, { bare: () => startMs(bare, {}), baton: () => startMs(baton, env) });
  const memory = await interleave(3, {
    bare: () => residentAfterStart(bare, {}),
    baton: () => residentAfterStart(baton, env),
  });
  return [
    {
      name: 'start to tools/list',
      floor: 'bare SDK server',
      budget: { op: '<=', ratio: 1.25 },
      unit: 'ms',
      rounds: paired(start.baton, start.bare),
    },
    {
      name: 'memory after start',
      floor: 'bare SDK server',
      budget: { op: '<=', ratio: 1.3 },
      unit: 'MiB resident',
      rounds: paired(memory.baton, memory.bare),
    },
  ];
};
