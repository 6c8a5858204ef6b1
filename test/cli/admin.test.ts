// The verbs doctor, log, export, backup and restore in the built program: output, exit codes, closed pipes, and commits
// of other processes.

import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';
import { alter, makeStore, newPlace, openDocuments, type Place, segments, set } from '../admin/made-store.ts';

const built = mkdtempSync(join(tmpdir(), 'baton-upkeep-cli-'));
let place: Place;
let dir: string;
const baton = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [join(built, 'main.js'), '--state-dir', dir, ...args], { encoding: 'utf8' });

beforeAll(async () => {
  await bundle({ entries: { main: 'src/main.ts' }, dir: built });
});
afterAll(() => rmSync(built, { recursive: true, force: true }));
beforeEach(() => {
  place = newPlace();
  dir = place.dir;
});
afterEach(() => place.remove());

describe('without a store', () => {
  test('nothing is made by looking', () => {
    for (const verb of ['doctor', 'log', 'export']) {
      const ran = baton(verb);
      expect(ran).toMatchObject({ status: 1, stdout: '' });
      expect(ran.stderr).toContain('There is nothing here yet');
    }
    expect(baton('backup', join(place.parent, 'copy')).status).toBe(1);
    expect(fs.readdirSync(place.parent)).toEqual([]);
  });
});

describe('doctor', () => {
  test('0 and one line for a sound store; 2 and a way out for another', async () => {
    await makeStore(dir);
    const sound = baton('doctor');
    expect(sound).toMatchObject({ status: 0, stderr: '' });
    expect(sound.stdout.trimEnd().split('\n').at(-1)).toMatch(/^verified: 7 commits, 7 documents, chain [0-9a-f]{16}$/);
    const json = baton('doctor', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ sound: true, commits: 7, findings: [], done: [], refused: [] });

    alter(join(dir, 'sessions/s-1.json'), (text) => text.replace('"x": 1', '"x": "\\u001b[2J"'));
    const edited = baton('doctor');
    expect(edited.status).toBe(2);
    expect(edited.stdout).toContain('not sound: sessions/s-1.json was edited by hand');
    expect(edited.stdout).toContain('--adopt sessions/s-1.json');
    expect(edited.stdout).not.toContain('\u001b');
    expect(baton('doctor', '--read-only', '--adopt', 'sessions/s-1.json').status).toBe(2);
    const adopted = baton('doctor', '--adopt', join(dir, 'sessions/s-1.json'));
    expect(adopted.status).toBe(0);
    expect(adopted.stdout).toMatch(/^the edit of session\/s-1 is a commit now: seq 8, 1 operation\n/);
    expect(baton('log', '--at', '8').stdout).toContain('document.adopted');
    for (const at of ['9', '0']) {
      const beyond = baton('log', '--at', at);
      expect(beyond).toMatchObject({ status: 1, stdout: '' });
      expect(beyond.stderr).toContain('the newest seq is 8');
    }
  });

  test('repairs that it is told to make', async () => {
    await makeStore(dir);
    fs.writeFileSync(join(dir, 'log/poison'), '', { mode: 0o600 });
    expect(baton('doctor').stdout).toContain('not sound: log/poison');
    const cleared = baton('doctor', '--clear-poison');
    expect(cleared.status).toBe(0);
    expect(cleared.stdout).toContain('only if the machine was restarted');
    alter(join(dir, 'sessions/s-1.json'), () => 'gone');
    const rebuilt = baton('doctor', '--rebuild-documents');
    expect(rebuilt.status).toBe(0);
    expect(rebuilt.stdout).toContain('7 documents and the checkpoint were written');
    alter(segments(dir)[0] ?? '', (text) => text.replace('session/s-2', 'session/s-9'));
    const damaged = baton('doctor', '--rebuild-documents');
    expect(damaged.status).toBe(2);
    expect(damaged.stderr).toContain('store-damaged');
    expect(damaged.stdout).toContain('at byte');
  });

  test('wrong arguments', () => {
    expect(baton('doctor', '--what')).toMatchObject({ status: 1, stdout: '' });
    expect(baton('doctor', 'extra').stderr).toContain('one argument too many');
    expect(baton('log', '--at', 'x').stderr).toContain('expected a whole number');
    expect(baton('log', '--at', '1', '--follow').status).toBe(1);
    expect(baton('backup').stderr).toContain('<directory>: is missing');
    expect(baton('doctor', '--help').stdout).toContain('--rebuild-documents');
  });
});

describe('backup, restore, export', () => {
  test('there and back', async () => {
    await makeStore(dir);
    const copy = join(place.parent, 'copy');
    const made = baton('backup', copy);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(/verified: seq 7, chain [0-9a-f]{16}\n$/);
    expect(baton('restore', '--drill', copy)).toMatchObject({ status: 0 });
    expect(baton('restore', copy)).toMatchObject({ status: 1, stdout: '' });
    rmSync(dir, { recursive: true });
    expect(baton('restore', copy).stdout).toContain('verified: 7 commits, 7 documents, seq 7');
    expect(baton('doctor').status).toBe(0);
    alter(join(copy, 'manifest.json'), (text) => text.replace('"seq": 7', '"seq": 8'));
    expect(baton('restore', '--drill', copy)).toMatchObject({ status: 2, stdout: '' });
  });

  test('export to stdout and to a file are the same', async () => {
    await makeStore(dir);
    const file = join(place.parent, 'out.jsonl');
    const shown = baton('export');
    expect(shown.stdout.trimEnd().split('\n').length).toBe(7);
    expect(baton('export', '--to', file).status).toBe(0);
    expect(fs.readFileSync(file, 'utf8')).toBe(shown.stdout);
    expect(baton('export', '--to', file)).toMatchObject({ status: 1 });
    expect(baton('export', '--from', '7').stdout.trimEnd().split('\n').length).toBe(1);
    expect(baton('export', '--documents').stdout.trimEnd().split('\n').length).toBe(7);
    expect(baton('export', '--documents', '--from', '2').status).toBe(1);
    alter(segments(dir)[0] ?? '', (text) => text.replace('session/s-2', 'session/s-9'));
    const cut = baton('export');
    expect(cut.status).toBe(2);
    expect(shown.stdout.startsWith(cut.stdout)).toBe(true);
    expect(fs.readdirSync(place.parent).sort()).toEqual(['out.jsonl', 'state']);
  });
});

describe('log', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** A running `baton log`: its lines as they come. */
  function start(...args: string[]) {
    const child = spawn(process.execPath, [join(built, 'main.js'), '--state-dir', dir, 'log', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let text = '';
    let errors = '';
    let wake: () => void = () => undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      wake();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const exit = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
    const until = async (wanted: string) => {
      while (!text.includes(wanted)) await new Promise<void>((resolve) => (wake = resolve));
    };
    return { child, exit, until, lines: () => text.trimEnd().split('\n'), errors: () => errors };
  }

  test('chooses by seq, stream and type; the last ones, or the first ones from a seq', async () => {
    await makeStore(dir);
    const seqs = (...args: string[]) =>
      baton('log', '--json', ...args)
        .stdout.split('\n')
        .filter((line) => line !== '')
        .map((line): number => JSON.parse(line).seq);
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seqs('--from', '3', '--to', '4')).toEqual([3, 4]);
    expect(seqs('--limit', '2')).toEqual([6, 7]);
    expect(seqs('--from', '2', '--limit', '2')).toEqual([2, 3]);
    expect(seqs('--stream', 'session/s-1')).toEqual([3]);
    expect(seqs('--stream', 'session/', '--limit', '1')).toEqual([6]);
    expect(seqs('--type', 'store.')).toEqual([1]);
    const human = baton('log', '--stream', 'session/s-1').stdout.trimEnd().split('\n');
    expect(human).toHaveLength(2);
    expect(human[1]).toMatch(/^ {5}3 {2}\S+ {2}s-1 {2}test {2}session\/s-1 {2}test\.set {2}\+ \/x 1$/);
    // The note that a request was carried out is not shown beside what it did.
    expect(baton('log', '--from', '7').stdout).not.toContain('request/');
    expect(baton('log', '--at', '7').stdout).toContain('request.answered');
  });

  test('shows what can be read of a damaged log, then complains', async () => {
    await makeStore(dir);
    alter(segments(dir)[0] ?? '', (text) => text.replace('session/s-2', 'session/s-9'));
    const ran = baton('log');
    expect(ran.status).toBe(2);
    expect(ran.stdout.trimEnd().split('\n').at(-1)).toContain('session/s-1');
    expect(ran.stderr).toContain('store-damaged');
  });

  test('follows the commits of other processes across a seal, until it is interrupted', async () => {
    await makeStore(dir);
    const log = start('--follow', '--limit', '1');
    await log.until('task/r-1');
    const documents = openDocuments(dir, 1);
    await set(documents, 'session/s-1', 'fresh', 'one\u001b[2J');
    await log.until('/fresh');
    await documents.store.upkeep?.seal();
    await log.until('ends segment');
    await set(documents, 'session/s-1', 'later', 2);
    await log.until('/later');
    await documents.close();
    log.child.kill('SIGINT');
    expect(await log.exit).toBe(0);
    expect(log.errors()).toBe('');
    expect(log.lines().join('')).not.toContain('\u001b');
    expect(log.lines()[0]).toMatch(/^ {5}7 /);
  });

  test('ends cleanly when its reader leaves, at once or while it follows', async () => {
    await makeStore(dir);
    const documents = openDocuments(dir);
    for (let n = 0; n < 100; n += 1) await set(documents, 'session/s-1', 'x', 'y'.repeat(20_000));
    const log = start('--json');
    await log.until('"seq":1');
    log.child.stdout?.destroy();
    expect(await log.exit).toBe(0);
    expect(log.errors()).toBe('');
    await documents.close();
    const follow = start('--follow', '--limit', '1');
    await follow.until('session/s-1');
    follow.child.stdout?.destroy();
    // Though nobody writes any more.
    expect(await follow.exit).toBe(0);
  });

  test.skipIf(!fs.existsSync('/proc/self/fd'))('ends when the last process of its pipeline has left', async () => {
    await makeStore(dir);
    const line = `"$0" "$1" --state-dir "$2" log --follow | { read -r first; echo "$first"; }; echo "ended"`;
    const args = ['-c', line, process.execPath, join(built, 'main.js'), dir];
    const ran = spawnSync('/bin/sh', args, { encoding: 'utf8', timeout: 20_000 });
    expect(ran.stdout).toMatch(/store\.created[\s\S]*ended\n$/);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
  });
});
