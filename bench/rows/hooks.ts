// The row of a hook through the command line: a client waits for it at each of its events.

import { spawnSync } from 'node:child_process';
import { interleave, median, paired, type RowGroup } from '../lib/measure.ts';
import { StdioClient } from '../lib/stdio-client.ts';

const CLIENT = 'bench-client';

function timed(args: string[], input: string, env: Record<string, string>): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    input,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  const took = performance.now() - begun;
  if (status !== 0 || stderr !== '') throw new Error(`the hook failed: ${stderr}`);
  return took;
}

export const hookRows: RowGroup = async (context) => {
  const env = { BATON_STATE_DIR: context.freshDir(), CLAUDE_CODE_SESSION_ID: CLIENT };
  const server = new StdioClient([process.execPath, context.baton], env);
  await server.open();
  await server.call('session_start', {});
  await server.close();
  let agents = 0;
  const hook = async (): Promise<number> => {
    agents += 1;
    const event = {
      session_id: CLIENT,
      hook_event_name: 'SubagentStart',
      agent_id: `a${agents}`,
      agent_type: 'Explore',
    };
    return timed([context.baton, 'hook'], JSON.stringify(event), env);
  };
  const floor = async (): Promise<number> => timed(['-e', '0'], '', env);
  await hook();
  await floor();
  const { own, node } = await interleave(Math.max(context.rounds, 15), { node: floor, own: hook });
  return [
    {
      name: 'a hook through the CLI',
      floor: 'node -e 0',
      budget: { op: '<=', ratio: 1.5 },
      unit: 'ms',
      rounds: paired(own, node),
      // The floor is mostly Node's own start, which variables such as NODE_EXTRA_CA_CERTS more than double.
      note: `${median(own.map((ms, at) => ms - (node[at] ?? 0))).toFixed(0)} ms above the floor`,
    },
  ];
};
