// Prompts as a client uses them: listed, completed and fetched. Every call in their texts must be one that exists.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prompts } from '../../src/prompts/index.ts';
import { tools } from '../../src/tools/index.ts';
import { freshDir, Server } from '../e2e/rig.ts';

let server: Server;
let run = '';

beforeAll(async () => {
  server = await Server.start({ dir: freshDir(), env: { BATON_TOOLSETS: 'all' } });
  await server.call('session_start', { name: 'prompts' });
  await server.call('state_set', { path: '$.plan', value: { a: 1 } });
  const nodes = [{ id: 'a', kind: 'agent', task: 'do a' }];
  const { hash } = await server.call('graph_check', { nodes, save_as: 'release' });
  run = String((await server.call('run_start', { graph: hash }))['run']);
  await server.call('plan_save', { sprint: { title: 'One', status: 'active' }, tasks: [{ key: 'a', title: 'A' }] });
});
afterAll(async () => {
  await server.close();
});

async function textOf(name: string, args: Record<string, string>): Promise<string> {
  const { messages } = await server.client.getPrompt({ name, arguments: args });
  expect(messages).toHaveLength(1);
  const [message] = messages;
  expect(message?.role).toBe('user');
  return message?.content.type === 'text' ? message.content.text : '';
}

async function completed(name: string, argument: string, value: string): Promise<string[]> {
  const ref = { type: 'ref/prompt' as const, name };
  return (await server.client.complete({ ref, argument: { name: argument, value } })).completion.values;
}

/** Lines that are calls: a tool and its arguments. */
function callsIn(text: string): { tool: string; args: unknown }[] {
  const lines = text.split('\n').flatMap((line) => /^\s+([a-z]+_[a-z]+) (\{.*\})$/.exec(line) ?? []);
  const calls: { tool: string; args: unknown }[] = [];
  for (let at = 0; at < lines.length; at += 3)
    calls.push({ tool: lines[at + 1] ?? '', args: JSON.parse(lines[at + 2] ?? '') });
  return calls;
}

function faultsOf(text: string): string[] {
  return callsIn(text).flatMap(({ tool: name, args }) => {
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined) return [`there is no tool ${name}`];
    const parsed = tool.input.safeParse(args);
    return parsed.success ? [] : [`${name} ${JSON.stringify(args)}: ${parsed.error.message}`];
  });
}

/** Words that look like tools: each must be one, or an argument or field that some tool has. */
function strangers(text: string): string[] {
  const known = new Set(
    tools.flatMap((tool) => [tool.name, ...Object.keys(tool.input.shape), ...Object.keys(tool.output.shape)]),
  );
  const nouns = new Set(tools.map(({ name }) => name.split('_')[0]));
  const found = text.replaceAll(/```[\s\S]*?```/g, '').match(/\b[a-z]+_[a-z]+\b/g) ?? [];
  return found.filter((word) => nouns.has(word.split('_')[0]) && !known.has(word));
}

const GIVEN: Record<string, string> = {
  mode: 'sprint',
  name: 'a name',
  view: 'runs',
  width: '120',
  sprint: 'SPR-1',
  assignee: 'alice "the great"',
  goal: 'Ship `it`\nnow {"x": 1}',
  capacity: '20',
  carry_to: 'backlog',
  since: 'yesterday',
  source: 'docs/idea.md',
  plan: 'release',
  agent: 'worker',
  agents: '4',
  what: 'TSK-1',
  focus: 'tests',
  to: 'new',
  why: 'it burns',
  path: '$.plan',
  expected: '2',
  stream: 'task/',
  type: 'task.',
  run: 'run-abc12345',
  topic: 'run',
};

describe('prompts', () => {
  test('are listed with their arguments, in the order of their definition', async () => {
    const { prompts: listed } = await server.client.listPrompts();
    expect(listed.map(({ name }) => name)).toEqual(prompts.map(({ name }) => name));
    for (const [index, { arguments: args = [], description, title }] of listed.entries()) {
      expect(args.map(({ name }) => name)).toEqual(prompts[index]?.arguments.map(({ name }) => name));
      expect(args.every((one) => (one.description ?? '') !== '')).toBe(true);
      expect(description).toBeTruthy();
      expect(title).toBeTruthy();
    }
  });

  test('required arguments come before optional ones, so that they can be given by position', () => {
    for (const { name, arguments: args } of prompts) {
      const flags = args.map(({ required }) => required === true);
      expect(
        [...flags].sort((a, b) => Number(b) - Number(a)),
        name,
      ).toEqual(flags);
    }
  });

  test.each(prompts.map(({ name }) => name))(
    '%s names only calls that exist, with and without its arguments',
    async (name) => {
      const prompt = prompts.find((one) => one.name === name);
      const required = Object.fromEntries(
        (prompt?.arguments ?? []).flatMap((one) => (one.required === true ? [[one.name, GIVEN[one.name] ?? 'x']] : [])),
      );
      const all = Object.fromEntries((prompt?.arguments ?? []).map((one) => [one.name, GIVEN[one.name] ?? 'x']));
      for (const args of [required, all]) {
        const text = await textOf(name, args);
        if (!(name === 'help' && args === all)) expect(callsIn(text).length, text).toBeGreaterThan(0);
        expect(faultsOf(text)).toEqual([]);
        expect(strangers(text)).toEqual([]);
        expect(text.length).toBeLessThan(16_000);
      }
    },
  );

  test.each(['run-abc12345', 'release', 'SPR-1', 'spr-7'])('execute_plan of %s', async (plan) => {
    const text = await textOf('execute_plan', { plan });
    expect(faultsOf(text)).toEqual([]);
    expect(text).toContain('run_claim');
    expect(text.includes('run_start {"sprint":')).toBe(plan.toLowerCase().startsWith('spr'));
  });

  test('execute_plan without a name takes the active sprint', async () => {
    expect(await textOf('execute_plan', {})).toContain('run_start {"sprint":"SPR-1","dry_run":true}');
  });

  test.each(['run-abc12345', 'TSK-3'])('review of %s', async (what) => {
    expect(faultsOf(await textOf('review', { what }))).toEqual([]);
  });

  test('the dashboard prompt carries the screen, as wide as asked', async () => {
    const text = await textOf('dashboard', { view: 'runs', width: '100' });
    const screen = /```text\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '';
    expect(screen).toContain(run);
    expect(screen.split('\n').every((line) => [...line].length === 100)).toBe(true);
  });

  test('arguments are completed from what is in the store', async () => {
    expect(await completed('execute_plan', 'plan', '')).toEqual(expect.arrayContaining([run, 'SPR-1', 'release']));
    expect(await completed('execute_plan', 'plan', 'spr')).toEqual(['SPR-1']);
    expect(await completed('dashboard', 'view', 'm')).toEqual(['metrics']);
    expect(await completed('debug_state', 'path', '$.p')).toEqual(['$.plan']);
    expect(await completed('debug_events', 'stream', 'task/')).toEqual(['task/', 'task/tsk-1']);
    expect(await completed('debug_events', 'type', 'node.f')).toEqual(['node.failed', 'node.finished']);
    expect(await completed('handoff', 'to', 'ses-')).toHaveLength(1);
    expect(await completed('help', 'topic', 'state_g')).toEqual(['state_get']);
    expect(await completed('handoff', 'why', '')).toEqual([]);
    await server.call('epic_save', { title: 'Log in \u202e' });
    await server.call('registry_save', { kind: 'agent', id: 'ann' });
    expect(await completed('sprint_plan', 'goal', 'log')).toEqual(['Log in \\u202e']);
    expect(await completed('execute_plan', 'agent', '')).toEqual(['ann']);
    expect(await completed('start_session', 'name', 'p')).toEqual(['prompts']);
    expect(await completed('start_session', 'sprint', '')).toEqual(['SPR-1']);
    expect(await completed('sprint_plan', 'capacity', '')).toEqual([]);
    await server.call('task_save', { title: 'x', points: 5, status: 'done', sprint: 'SPR-1' });
    await server.call('sprint_save', { id: 'SPR-1', status: 'completed', carry_to: 'backlog' });
    expect(await completed('sprint_plan', 'capacity', '')).toEqual(['5']);
  });

  test('every prompt completes an argument, where it has any', () => {
    const none = prompts.filter(({ arguments: args }) => args.length > 0 && !args.some(({ complete }) => complete));
    expect(none.map(({ name }) => name)).toEqual([]);
  });

  test('a missing argument and an unknown prompt are refused', async () => {
    await expect(server.client.getPrompt({ name: 'incident', arguments: {} })).rejects.toThrow(/what/);
    await expect(server.client.getPrompt({ name: 'nothing' })).rejects.toThrow(/nothing/);
    await expect(textOf('help', { topic: 'x'.repeat(3000) })).rejects.toThrow(/topic/);
  });
});
