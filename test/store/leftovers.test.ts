// Temporary files of killed processes go away by themselves; one that somebody is still writing never does.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';
import { quickStart } from '../../src/base/process-start.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { isLeftover, makerOf, temporaryPath } from '../../src/store/file/temporary-name.ts';
import { openDocuments } from './life.ts';
import { temporaryPlace } from './places.ts';

let built = '';
const removals: (() => void)[] = [];
beforeAll(async () => {
  built = fs.mkdtempSync(join(tmpdir(), 'baton-half-'));
  await bundle({ entries: { writer: 'test/store/fixtures/half-writer.ts' }, dir: built });
});
afterAll(() => fs.rmSync(built, { recursive: true, force: true }));
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  removals.push(place.remove);
  return place.dir;
}

/** One round of a server that has just started. */
async function maintain(dir: string): Promise<void> {
  const documents = openDocuments(dir);
  const maintenance = new Maintenance(documents, { onTrouble: (error) => expect(error).toBeUndefined() });
  await maintenance.run();
  await maintenance.stop();
  await documents.close();
}

function temporaries(dir: string): string[] {
  const names = fs.readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.tmp'));
}

/** As if that long had passed since they were written to. */
function age(dir: string, seconds: number): void {
  for (const name of temporaries(dir)) fs.utimesSync(join(dir, name), 0, Date.now() / 1000 - seconds);
}

it('go away when their process was killed between write and rename, and stay while it lives', async () => {
  const dir = newPlace();
  await maintain(dir);
  const start = (how: string) =>
    spawn(process.execPath, [join(built, 'writer.js'), dir, how], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = start('wait');
  await once(waiting.stdout, 'data');
  expect((await once(start('die'), 'exit'))[1]).toBe('SIGKILL');
  expect(temporaries(dir)).toHaveLength(2);
  // Just written: in another container every process here looks dead.
  await maintain(dir);
  expect(temporaries(dir)).toHaveLength(2);
  age(dir, 120);
  await maintain(dir);
  expect(temporaries(dir)).toEqual([expect.stringContaining('by-wait')]);
  age(dir, 7_200);
  await maintain(dir);
  waiting.stdin.end('\n');
  expect(await once(waiting, 'exit')).toEqual([0, null]);
  expect(temporaries(dir)).toEqual([]);
  expect(fs.existsSync(join(dir, 'shared/tasks/by-wait.json'))).toBe(true);
});

it('are told from everything else by their names, wherever they lie', async () => {
  const dir = newPlace();
  await maintain(dir);
  const gone = '4194300-7.abc.tmp';
  const left = [
    `checkpoint.json.${gone}`,
    `log/000000000001.jsonl.gz.${gone}`,
    `log/000000000001.index.${gone}`,
    'log/turnstile.4194300.tmp',
    `blobs/${'a'.repeat(64)}.${gone}`,
    `sessions/s-1.json.${gone}`,
    `shared/counters/p.1/task.json.${gone}`,
  ];
  const others = [
    'notes.json.4194300-7.abc.tmp',
    'shared/tasks/mine.tmp',
    'log/4194300.tmp',
    'blobs/x.4194300-7.abc.tmp',
  ];
  for (const path of [...left, ...others]) {
    fs.mkdirSync(join(dir, path, '..'), { recursive: true });
    fs.writeFileSync(join(dir, path), '');
  }
  age(dir, 120);
  await maintain(dir);
  expect(temporaries(dir).sort()).toEqual(others.sort());
});

it('belong to nobody once their maker is gone, or its number is another one’s', () => {
  const own = makerOf(temporaryPath('/store/checkpoint.json'));
  expect(own).toEqual({ pid: process.pid, start: quickStart(process.pid) });
  const minute = 61_000;
  const hour = 3_601_000;
  const { pid } = process;
  expect(isLeftover({ pid, start: quickStart(pid) }, 10 * hour)).toBe(process.platform !== 'linux');
  // Where starts are not known, only age tells.
  expect(isLeftover({ pid, start: undefined }, minute)).toBe(false);
  expect(isLeftover({ pid, start: undefined }, hour)).toBe(true);
  if (process.platform === 'linux') expect(isLeftover({ pid, start: '1' }, minute)).toBe(true);
  expect(isLeftover({ pid: 4_194_300, start: '1' }, minute)).toBe(true);
  expect(isLeftover({ pid: 4_194_300, start: '1' }, 1_000)).toBe(false);
  // Of a process of another place nobody here can tell.
  const elsewhere = makerOf('/store/checkpoint.json.4194300-1-aaaaaaaa.abc.tmp');
  expect(elsewhere).toEqual({ pid: 4_194_300, start: '1', elsewhere: true });
  if (elsewhere === undefined) throw new Error('no maker');
  expect([minute, hour].map((age) => isLeftover(elsewhere, age))).toEqual([false, true]);
});
