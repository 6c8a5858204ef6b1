// The real Claude Code client, offline: it connects, shows the tools to its model, and calls them. Opt-in: set
// BATON_TEST_CLAUDE to the path of an installed `claude` (npm i @anthropic-ai/claude-code).

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, test } from 'vitest';
import { fakeModel } from './fake-model.ts';

const run = promisify(execFile);
const claude = process.env['BATON_TEST_CLAUDE'] ?? '';
const installed = claude !== '' && fs.existsSync(claude);
if (!installed) process.stderr.write('skipped: Claude Code, BATON_TEST_CLAUDE names no installed client\n');

interface Place {
  dir: string;
  project: string;
  env: Record<string, string>;
}

function place(modelUrl = 'http://127.0.0.1:9'): Place {
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'baton-cc-')));
  const [home, project] = [path.join(dir, 'home'), path.join(dir, 'project')];
  for (const folder of [home, project]) fs.mkdirSync(folder);
  const server = {
    type: 'stdio',
    command: process.execPath,
    args: [inject('program')],
    env: { BATON_STATE_DIR: path.join(dir, 'state') },
  };
  fs.writeFileSync(path.join(project, '.mcp.json'), JSON.stringify({ mcpServers: { baton: server } }));
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'sk-dummy-local',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  };
  return { dir, project, env };
}

async function ask(args: string[], { project, env }: Place): Promise<string> {
  const pending = run(claude, args, { cwd: project, env, timeout: 100_000, maxBuffer: 64 * 1024 * 1024 });
  pending.child.stdin?.end();
  return (await pending).stdout;
}

describe.skipIf(!installed)('Claude Code', () => {
  test('mcp list shows the server as connected', async () => {
    const where = place();
    await ask(
      [
        'mcp',
        'add',
        'local-baton',
        '-e',
        `BATON_STATE_DIR=${where.project}/state`,
        '--',
        process.execPath,
        inject('program'),
      ],
      where,
    );
    expect(await ask(['mcp', 'list'], where)).toMatch(/local-baton: .*✔ Connected/);
  }, 110_000);

  test('a scripted conversation starts a session, writes state and reads it back', async () => {
    const call = (name: string, input: Record<string, unknown>) => [
      { type: 'tool_use' as const, name: `mcp__baton__${name}`, input },
    ];
    const model = await fakeModel([
      call('session_start', { name: 'offline' }),
      call('state_set', { path: "$.tasks['t-1']", value: { done: false, n: 3 } }),
      call('state_get', { path: 'tasks.t-1.n' }),
      [{ type: 'text', text: 'finished' }],
    ]);
    try {
      const where = place(model.url);
      const output = await ask(
        [
          '-p',
          'go',
          '--output-format',
          'stream-json',
          '--verbose',
          '--permission-mode',
          'dontAsk',
          '--allowedTools',
          'mcp__baton',
          '--model',
          'claude-sonnet-4-5',
        ],
        where,
      );
      const events = output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const init = events.find(({ type, subtype }) => type === 'system' && subtype === 'init');
      expect(init?.['mcp_servers']).toContainEqual(expect.objectContaining({ name: 'baton', status: 'connected' }));
      expect(events.at(-1)).toMatchObject({
        type: 'result',
        is_error: false,
        num_turns: 4,
        result: 'finished',
        permission_denials: [],
      });
      const results = resultsOf(model.requests.at(-1)?.messages ?? []);
      expect(results[0]).toMatchObject({
        session: expect.stringMatching(/^ses-/),
        resumed: false,
        workspace: expect.not.stringContaining('home'),
      });
      expect(results[1]).toMatchObject({ path: "$.tasks['t-1']", created: true });
      expect(results[2]).toMatchObject({ matches: 1, value: 3 });
      const shown = (model.requests[0]?.tools ?? []) as { name: string }[];
      const names = shown.map(({ name }) => name);
      // Those marked to be loaded always are in the model's first request; it may search for the others.
      expect(names).toEqual(expect.arrayContaining(['mcp__baton__session_start', 'mcp__baton__state_get']));
    } finally {
      await model.close();
    }
  }, 110_000);

  test.each([0, 1])(
    'hooks as docs/hooks.md has them (block %i) make its subagents live agents',
    async (block) => {
      const docs = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/hooks.md'), 'utf8');
      const settings = [...docs.matchAll(/```json\n(.*?)```/gs)][block]?.[1] ?? '';
      const model = await fakeModel([
        [{ type: 'tool_use', name: 'mcp__baton__session_start', input: {} }],
        [
          {
            type: 'tool_use',
            name: 'Agent',
            input: { description: 'look', prompt: 'look', subagent_type: 'general-purpose', run_in_background: false },
          },
        ],
        // The subagent's own turn: what it sees of itself.
        [{ type: 'tool_use', name: 'mcp__baton__plan_list', input: { kind: 'agent' } }],
        [{ type: 'text', text: 'seen' }],
        [{ type: 'tool_use', name: 'mcp__baton__plan_list', input: { kind: 'agent' } }],
      ]);
      try {
        const where = place(model.url);
        const [file, state] = [path.join(where.dir, 'settings.json'), path.join(where.dir, 'state')];
        const command = `"command": ${JSON.stringify(process.execPath)}, "args": [${JSON.stringify(inject('program'))}, "--state-dir", ${JSON.stringify(state)},`;
        fs.writeFileSync(file, settings.replaceAll('"command": "baton", "args": [', command));
        const allowed = ['--permission-mode', 'dontAsk', '--allowedTools', 'mcp__baton,Agent'];
        const asked = ['-p', 'go', '--settings', file, '--model', 'claude-sonnet-4-5', ...allowed];
        await ask(asked, where);
        const lists = model.requests.flatMap(({ messages = [] }) => resultsOf(messages.slice(-1)));
        const agents = lists.flatMap((answer) => (answer as { rows?: { id: string; origin: string }[] }).rows ?? []);
        // Seen once, by itself; gone when the main agent looked.
        expect(agents).toMatchObject([
          { id: expect.stringMatching(/^general-purpose-[0-9a-f]{6}$/), origin: 'hook', state: 'active' },
        ]);
        const log = fs.readFileSync(path.join(state, 'log/000000000001.jsonl'), 'utf8');
        expect(log).toContain(block === 0 ? '"tool":"hook"' : '"tool":"hook_event"');
        expect(log).toContain('agent.ended');
      } finally {
        await model.close();
      }
    },
    110_000,
  );
});

/** What the model was shown of each tool's answer, parsed. */
function resultsOf(messages: { role: string; content: unknown }[]): unknown[] {
  const blocks = messages.flatMap(({ content }) =>
    Array.isArray(content) ? (content as Record<string, unknown>[]) : [],
  );
  return blocks
    .filter(({ type }) => type === 'tool_result')
    .map(({ content }) => {
      const [block] = Array.isArray(content) ? (content as { text?: string }[]) : [{ text: String(content) }];
      // The client may add reminders of its own behind an answer, which is one line.
      const [text = ''] = (block?.text ?? '').split('\n');
      return text.startsWith('{') ? (JSON.parse(text) as unknown) : {};
    });
}
