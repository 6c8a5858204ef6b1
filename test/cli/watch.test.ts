// `baton watch` and `baton board` into pipes, as the published program runs them.

import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parsePrometheus } from '../dashboard/prometheus-parser.ts';
import { freshDir, Server } from '../e2e/rig.ts';

const dir = freshDir();
/** Gives a program a terminal; as util-linux has it. */
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
const env = { PATH: process.env.PATH ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state') };
let server: Server;

beforeAll(async () => {
  server = await Server.start({ dir });
  const tasks = [
    { key: 'a', title: '決済APIの設計 🎉 and a long title that does not fit', points: 3 },
    { key: 'b', title: 'red \u001b[31m \u202eevil', needs: ['a'], assignee: '한국어' },
  ];
  await server.call('plan_save', { sprint: { title: 'Sprint 会議', status: 'active' }, tasks });
});
afterAll(async () => {
  await server.close();
});

function baton(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [inject('program'), ...args], {
    env,
    cwd: dir,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Processes of the program under test whose command line holds the words. */
function running(words: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter((line) => line.includes(inject('program')) && line.includes(words));
}

function expectScreen(text: string, width: number): void {
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  for (const line of text.trimEnd().split('\n')) expect(stringWidth(line), line).toBe(width);
}

describe('board', () => {
  test.each([80, 120, 41])('is %i columns wide', (width) => {
    const { status, stdout } = baton('board', '--width', String(width));
    expect(status).toBe(0);
    expect(stdout).toContain('TSK-1');
    expectScreen(stdout, width);
  });

  test('as data, by sprint, and of one that is not there', () => {
    expect(JSON.parse(baton('board', 'spr-1', '--json').stdout)).toMatchObject({
      sprint: 'SPR-1',
      columns: [{ status: 'todo', count: 2 }, {}, {}, {}, {}, {}],
    });
    const { status, stderr } = baton('board', 'SPR-2');
    expect(status).toBe(3);
    expect(stderr).toContain('SPR-1');
  });
});

describe('dashboard get', () => {
  test.each([80, 120])('prints the screen alone, %i columns wide', (width) => {
    const { status, stdout } = baton('dashboard', 'get', 'team', '--format', 'text', '--width', String(width));
    expect(status).toBe(0);
    expectScreen(stdout, width);
  });

  test('prints what another program reads, and nothing else', () => {
    const { stdout } = baton('dashboard', 'get', 'sprint', '--format', 'csv');
    expect(stdout).toMatch(/^section,[^\r\n]*\r\n/);
    const figures = baton('dashboard', 'get', 'metrics', '--format', 'prometheus', '--detail', 'full');
    expect(parsePrometheus(figures.stdout).size).toBeGreaterThan(0);
    expect(figures.stderr).toMatch(/^(cut: .*\n)?$/);
    expect(JSON.parse(baton('dashboard', 'get', 'team', '--format', 'text', '--json').stdout).text).toContain('╭');
  });
});

describe('watch', () => {
  test('--once prints one frame without control codes', () => {
    const { status, stdout } = baton('watch', 'sprint', '--once', '--width', '120');
    expect(status).toBe(0);
    expectScreen(stdout, 120);
  });

  test('other formats are printed once', () => {
    expect(baton('watch', 'runs', '--format', 'csv').stdout.startsWith('section,')).toBe(true);
    expect(JSON.parse(baton('watch', 'health', '--format', 'json').stdout)).toMatchObject({ view: 'health' });
    const { status, stderr } = baton('watch', 'helth');
    expect(status).toBe(1);
    expect(stderr).toContain('did you mean health?');
  });

  test('looking makes no store', () => {
    const elsewhere = freshDir();
    const { status } = spawnSync(process.execPath, [inject('program'), 'watch', '--once'], {
      env: { ...env, BATON_STATE_DIR: path.join(elsewhere, 'none') },
      cwd: elsewhere,
    });
    expect(status).toBe(1);
  });

  test('prints a frame for each change of another process, and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, [inject('program'), 'watch', 'sprint'], {
      env,
      cwd: dir,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    let wake: () => void = () => undefined;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      wake();
    });
    const until = async (found: () => boolean): Promise<void> => {
      while (!found()) await new Promise<void>((resolve) => (wake = resolve));
    };
    const frames = () => text.match(/^╭/gm)?.length ?? 0;
    await until(() => frames() === 1);
    await server.call('task_save', { id: 'TSK-1', status: 'done' });
    await until(() => frames() === 2 && text.trimEnd().endsWith('╯'));
    expect(text).toContain('100%');
    for (const frame of text.split('\n\n')) expectScreen(frame, 80);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('ends when its reader has left', async () => {
    const child = spawn(process.execPath, [inject('program'), 'watch', 'runs'], {
      env,
      cwd: dir,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    // Though nothing happens any more.
    child.stdout.destroy();
    expect(await ended).toBe(0);
  });

  test.skipIf(!hasScript)(
    'on a terminal: redraws in place, quits on q, Ctrl-C and a lost terminal, and leaves it as it was',
    async () => {
      for (const leave of ['q', '\u0003', 'hang up']) {
        const command = `${process.execPath} ${inject('program')} watch sprint --width 80`;
        const child = spawn('script', ['-qefc', command, '/dev/null'], { env: { ...env, TERM: 'xterm' }, cwd: dir });
        let text = '';
        let wake: () => void = () => undefined;
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          wake();
        });
        const until = async (found: () => boolean): Promise<void> => {
          while (!found()) await new Promise<void>((resolve) => (wake = resolve));
        };
        const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
        await until(() => text.includes('Sprint'));
        const frames = () => text.split('\u001b[H').length;
        const before = frames();
        await server.call('task_save', { title: `for ${JSON.stringify(leave)}`, sprint: 'SPR-1' });
        await until(() => frames() > before);
        // In place: the screen is entered once, and nothing scrolls it.
        expect(text.split('\u001b[?1049h')).toHaveLength(2);
        if (leave === 'hang up') child.kill('SIGKILL');
        else {
          child.stdin.write(leave);
          expect(await ended).toBe(0);
          expect(text.trimEnd().endsWith('\u001b[?1049l')).toBe(true);
        }
        await ended;
      }
      await expect.poll(() => running('watch sprint --width 80')).toEqual([]);
    },
  );
});
