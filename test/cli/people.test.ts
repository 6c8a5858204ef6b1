// The command line for people: short commands, hints that name commands, values that are no arguments, completions, a
// manual page, and answers that fit the terminal.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { asCommands } from '../../src/cli/as-command.ts';
import { examples } from '../../src/cli/examples.ts';
import { type Asked, buildProgram } from '../../src/cli/program.ts';
import { Progress, watchedDisk } from '../../src/cli/progress.ts';
import { paintScreen, renderAnswer } from '../../src/cli/render.ts';
import { shortcuts } from '../../src/cli/shortcuts.ts';
import { readInput } from '../../src/cli/values.ts';
import { verbWords } from '../../src/cli/verb-words.ts';
import { globalFlags } from '../../src/config/config.ts';
import listings from '../../src/generated/tools.json' with { type: 'json' };
import { realDisk } from '../../src/store/file/disk.ts';
import { describeTools } from '../../src/tools/describe.ts';
import { tools } from '../../src/tools/index.ts';

const program = inject('program');
const ESC = '\u001b';
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'baton-people-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function baton(args: string[], input = '') {
  const env = { PATH: process.env.PATH, HOME: dir, BATON_STATE_DIR: join(dir, 'state') };
  return spawnSync(process.execPath, [program, ...args], { cwd: dir, env, input, encoding: 'utf8' });
}

const shellWords = (line: string): string[] =>
  execFileSync('bash', ['-c', `printf '%s\\n' ${line.replace(/<.*/, '')}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');

async function asked(line: string): Promise<Asked | undefined> {
  let found: Asked | undefined;
  const parts = { version: '1', verbs: [], flags: [], listings: describeTools(tools), columns: 80 };
  const made = buildProgram({ ...parts, out: () => undefined, err: () => undefined }, async (one) => {
    found = one;
  });
  await made.parseAsync(shellWords(line).slice(1), { from: 'user' });
  return found;
}

describe('examples', () => {
  const lines = [...Object.entries(examples).filter(([name]) => name !== 'hook_event')].concat(
    shortcuts.map(({ tool, example }) => [tool, example]),
  );

  test.each(lines)('%s: %s', async (tool, line) => {
    const call = await asked(line);
    const listing = describeTools(tools).find((one) => one.tool.name === tool);
    if (call === undefined || listing === undefined) throw new Error('no such command');
    expect(call.tool).toBe(tool);
    const input = await readInput(listing.tool.inputSchema, call.words, dir);
    if (!input.ok) throw new Error(JSON.stringify(input.failure));
    const read = tools.find(({ name }) => name === tool)?.read({ ...input.value, ...call.fixed });
    expect(read).toMatchObject({ ok: true, value: { taken: [] } });
  });

  test('every tool and every verb has one', () => {
    expect(Object.keys(examples).sort()).toEqual(tools.map(({ name }) => name).sort());
    for (const { example } of Object.values(verbWords)) expect(example).toMatch(/baton/);
  });
});

describe('hints', () => {
  const known = listings.map(({ tool, positional }) => ({ name: tool.name, positional }));

  test.each([
    ['see plan_list {kind: "task", status: "ready"}, or', 'see baton plan list task --status ready, or'],
    ['state_get {keys_only: true}', 'baton state get --keys-only'],
    ['session_update {status: "active"} resumes', 'baton session update --status active resumes'],
    ['run_status {"run": "run-1", "cursor": "5"}', 'baton run status run-1 --cursor 5'],
    ['message_send {to: "all", text: …}', 'baton message send all …'],
    ['decision_open {options: ["a b", "c"], title: …}', "baton decision open … --options 'a b,c'"],
    [
      'project_save {config: {global_settings: {token_budget: 5}}}',
      'baton project save {config: {global_settings: {token_budget: 5}}}',
    ],
    ['the key max_parallel and some_thing {a: 1}', 'the key max_parallel and some_thing {a: 1}'],
  ])('%s', (hint, command) => {
    expect(asCommands(hint, known)).toBe(command);
  });

  test('a failure on the command line names a command', () => {
    baton(['task', 'add', 'one']);
    baton(['task', 'add', 'two', '--needs', 'TSK-1']);
    const ran = baton(['task', 'done', 'TSK-2']);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain('baton plan list task --status ready');
  });
});

test('short commands add, list, begin and finish', () => {
  const add = baton(['task', 'add', 'Write the parser', '--json']);
  const { id } = JSON.parse(add.stdout);
  expect(JSON.parse(baton(['task', 'start', id, '--json']).stdout)).toMatchObject({ id, created: false });
  expect(JSON.parse(baton(['task', 'list', '--status', 'active', '--json']).stdout).rows).toMatchObject([{ id }]);
  baton(['task', 'done', id]);
  expect(JSON.parse(baton(['task', 'list', 'parser', '--json']).stdout).rows).toMatchObject([{ id, status: 'done' }]);
  const sprint = JSON.parse(baton(['sprint', 'add', 'Week 1', '--json']).stdout).id;
  baton(['sprint', 'start', sprint]);
  expect(JSON.parse(baton(['sprint', 'list', '--json']).stdout).rows).toMatchObject([{ id: sprint, status: 'active' }]);
});

describe('values', () => {
  test('from standard input and from a file, as what they are', () => {
    writeFileSync(join(dir, 'value.json'), '{"a":[1,2]}\n');
    baton(['state', 'set', '$.secret', '-'], 's3cret\n');
    baton(['state', 'set', '$.file', '--value-file', 'value.json']);
    const { value } = JSON.parse(baton(['state', 'get', '$', '--json']).stdout);
    expect(value).toMatchObject({ secret: 's3cret', file: { a: [1, 2] } });
  });

  test.each([
    [['--value-file', 'nothing.json'], 'names no file'],
    [['{a: 1}'], 'is broken JSON'],
    [['"open'], 'is broken JSON'],
  ])('refuses %j and changes nothing', (words, why) => {
    const ran = baton(['state', 'set', '$.refused', ...words]);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain(why);
    expect(JSON.parse(baton(['state', 'get', '$.refused', '--json']).stdout).matches).toBe(0);
  });
});

describe('on a terminal', () => {
  const hasScript = spawnSync('script', ['--version']).status === 0;
  const onTerminal = (command: string): string =>
    spawnSync('script', ['-qec', `stty cols 60; ${process.execPath} ${program} ${command}`, '/dev/null'], {
      env: { PATH: process.env.PATH, HOME: dir, BATON_STATE_DIR: join(dir, 'state'), TERM: 'xterm' },
      encoding: 'utf8',
      input: '',
      timeout: 20_000,
    }).stdout;

  test.skipIf(!hasScript)('without a command it says what it is, and ends', () => {
    expect(onTerminal('')).toContain('baton task add');
  });

  test.skipIf(!hasScript)('a view is a screen of its width', () => {
    const lines = onTerminal('dashboard get')
      .replaceAll(new RegExp(`${ESC}\\[[\\d;]*m`, 'g'), '')
      .split('\r\n')
      .filter((line) => line !== '');
    expect(lines[0]).toMatch(/^╭─ Baton/);
    expect(new Set(lines.map((line) => [...line].length))).toEqual(new Set([60]));
  });

  test('a table is as wide as the terminal, and one fact a line where that is too narrow', () => {
    const rows = [{ id: 'a', title: 'x'.repeat(50), why: 'y'.repeat(50) }];
    for (const line of renderAnswer({ rows }, 60).split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    expect(renderAnswer({ rows }, 60)).toMatch(/^ {2}a {3}x+… {2}y+…$/m);
    expect(renderAnswer({ rows }, 24)).toContain(`  title  ${'x'.repeat(50)}\n`);
  });

  test('colour is added to frames and keys, and to nothing else', () => {
    const paint = (text: string): string => `<${text}>`;
    expect(paintScreen('╭─ Baton ─╮', paint)).toBe('<╭─> Baton <─╮>');
    expect(renderAnswer({ a: 1, rows: [{ b: 2 }] }, 80, paint)).toBe('<a>: 1\n<rows>: 1\n<  b>\n  2\n');
  });

  test('progress is one line, after a second, five times a second, and gone at the end', () => {
    let now = 0;
    let out = '';
    const stream = { isTTY: true, write: (text: string) => (out += text) };
    const progress = new Progress('reading', stream, () => now);
    for (now = 0; now < 2_000; now += 10) progress.say(() => `${now}`);
    progress.end();
    expect(out.split('\r\u001b[K').length - 1).toBe(6);
    expect(out).toMatch(/reading: 1000, 1 s/);
    expect(out.endsWith(`\r${ESC}[K`)).toBe(true);
    const silent = new Progress('reading', { write: () => expect.unreachable() }, () => now);
    watchedDisk(realDisk, silent).readFile(program);
  });
});

describe('completions', () => {
  const complete = (line: string): string[] => {
    const words = line.split(' ');
    const script = `source <(cat); COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _baton; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const input = baton(['completion', 'bash']).stdout;
    writeFileSync(join(dir, 'completion.bash'), input);
    const text = script.replace('<(cat)', join(dir, 'completion.bash'));
    return execFileSync('bash', ['-c', text], { encoding: 'utf8' }).trimEnd().split('\n');
  };

  test('in bash: commands, options, choices', () => {
    expect(complete('baton ta')).toEqual(['task']);
    expect(complete('baton task ')).toEqual(expect.arrayContaining(['save', 'add', 'list', 'done']));
    expect(complete('baton task add title --poi')).toEqual(['--points']);
    expect(complete('baton task save TSK-1 --status d')).toEqual(['done']);
  });

  test('for zsh and fish, and no other shell', () => {
    expect(baton(['completion', 'zsh']).stdout).toContain('#compdef baton');
    expect(baton(['completion', 'fish']).stdout).toContain("-a 'todo active review blocked done cancelled'");
    expect(baton(['completion', 'tcsh'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('bash, zsh, fish'),
    });
  });
});

async function helpOf(words: readonly string[]): Promise<string> {
  let out = '';
  const verbs = Object.entries(verbWords).map(([name, about]) => ({ name, ...about }));
  const parts = { version: '1', verbs, flags: globalFlags, listings: describeTools(tools), columns: 80 };
  const write = (text: string): void => {
    out += text;
  };
  const made = buildProgram({ ...parts, out: write, err: write }, async () => undefined);
  await made.parseAsync([...words, '--help'], { from: 'user' }).catch(() => undefined);
  return out;
}

test('every help wraps and has an example', async () => {
  const nouns = listings.map(({ tool }) => tool.name.split('_')).filter(([noun]) => noun !== 'hook');
  const helps = [...Object.keys(verbWords).map((verb) => [verb]), ...nouns, ['task', 'add']];
  for (const words of helps) {
    const stdout = await helpOf(words);
    expect(stdout, words.join(' ')).toMatch(/\nExample:\n {2}\S/);
    const long = stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  '));
    expect(long, words.join(' ')).toEqual([]);
  }
});

test('the manual page names every command', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'baton.1'), 'utf8').replaceAll('\\', '');
  for (const { tool } of listings.filter(({ tool }) => tool.name !== 'hook_event'))
    expect(page).toContain(`baton ${tool.name.replace('_', ' ')}`);
  for (const { noun, verb } of shortcuts) expect(page).toContain(`baton ${noun} ${verb}`);
});
