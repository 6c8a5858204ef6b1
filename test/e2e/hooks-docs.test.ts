// docs/hooks.md is true: its settings, run like a client runs them, add agents to a session and remove them.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { HOOK_EVENTS } from '../../src/hooks/payload.ts';
import { type Answer, freshDir, Server } from './rig.ts';

interface Hook {
  type: string;
  command?: string;
  args?: string[];
  server?: string;
  tool?: string;
  input?: Record<string, string>;
}
type Settings = { hooks: Record<string, { hooks: Hook[] }[]> };

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/hooks.md'), 'utf8');
const blocks = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => JSON.parse(json ?? '') as Settings);

const CLIENT = 'docs-client';
const dir = freshDir();
let server: Server;
beforeAll(async () => {
  server = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: CLIENT } });
  await server.call('session_start', {});
});
afterAll(() => server?.close());

/**
 * As the client does: the event on stdin of a command, or its parts in a call, with an empty text for what it lacks.
 */
async function fire(settings: Settings, name: string, facts: Record<string, string> = {}): Promise<void> {
  const event: Record<string, string> = { session_id: CLIENT, cwd: dir, hook_event_name: name, ...facts };
  for (const { hooks } of settings.hooks[name] ?? []) {
    for (const hook of hooks) {
      if (hook.type === 'command') {
        expect(hook.command).toBe('baton');
        const env = { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state') };
        const args = [inject('program'), ...(hook.args ?? [])];
        const ran = spawnSync(process.execPath, args, { env, input: JSON.stringify(event), encoding: 'utf8' });
        expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '', '']);
      } else {
        const input = Object.entries(hook.input ?? {}).map(([key, value]) => [
          key,
          value.replace(/\$\{(\w+)\}/g, (_, part: string) => event[part] ?? ''),
        ]);
        expect(await server.call(hook.tool ?? '', Object.fromEntries(input))).toEqual({});
      }
    }
  }
}

async function agents(): Promise<string[]> {
  const { rows } = await server.call('plan_list', { kind: 'agent' });
  return (rows as Answer[]).map(({ id, state }) => `${id} ${state}`);
}

describe.each([
  ['command', blocks[0]],
  ['mcp_tool', blocks[1]],
])('the settings for hooks of type %s', (type, settings) => {
  test('bring agents and take them away', async () => {
    if (settings === undefined) throw new Error('no such block');
    expect(
      Object.values(settings.hooks).flatMap((all) => all.flatMap(({ hooks }) => hooks.map((one) => one.type))),
    ).toEqual(Object.keys(settings.hooks).map(() => type));
    await fire(settings, 'SubagentStart', { agent_id: 'a7cdca2e4d46e2444', agent_type: 'Explore' });
    await fire(settings, 'TeammateIdle', { teammate_name: 'reviewer' });
    await fire(settings, 'TaskCompleted', { task_id: '1', task_subject: 'x' });
    expect(await agents()).toEqual(['explore-a7cdca active', 'reviewer idle']);
    await fire(settings, 'SubagentStop', { agent_id: 'a7cdca2e4d46e2444', agent_type: 'Explore' });
    await fire(settings, 'TaskCompleted', { task_id: '1', teammate_name: 'reviewer' });
    expect(await agents()).toEqual(['reviewer active']);
    await fire(blocks[0] ?? settings, 'SessionEnd', { reason: 'other' });
    expect(await agents()).toEqual([]);
  });
});

test('every event is explained, and none that there is not', () => {
  const explained = [...(text.split('## What each event does')[1] ?? '').matchAll(/^\| (`.*?) \|/gm)].flatMap(
    ([, cell]) => (cell ?? '').replaceAll('`', '').split(', '),
  );
  expect(explained.sort()).toEqual([...HOOK_EVENTS].sort());
  for (const { hooks } of blocks) for (const name of Object.keys(hooks)) expect(explained).toContain(name);
});
