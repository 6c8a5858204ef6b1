// Short writes below the runtime: a preloaded library shortens one write(2) to the log and lets another process append
// before libuv writes the rest. A seam above the runtime cannot show this, because libuv hides the short count.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { Drill } from './drill.ts';

let built = '';
let missing = '';
let places = 0;

beforeAll(async () => {
  built = fs.mkdtempSync(join(tmpdir(), 'baton-short-'));
  if (process.platform !== 'linux') missing = 'LD_PRELOAD is of Linux';
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', shim(), 'test/store/fixtures/short-write.c', '-ldl']);
  if (made.status !== 0) missing ||= 'there is no C compiler';
  if (missing === '') await bundle({ entries: { worker: 'test/store/fixtures/worker.ts' }, dir: join(built, 'out') });
});
afterAll(() => fs.rmSync(built, { recursive: true, force: true }));

function shim(): string {
  return join(built, 'short-write.so');
}

interface Run {
  /** Which write to the log is shortened; the first one creates the store. */
  at: number;
  /** Bytes taken; of the end, if negative; half, if 0. */
  bytes: number;
  /** Run between the part that was taken and the rest. */
  between: (dir: string) => string;
}

/** Lets a worker make six changes under the shim, checks its answers and the store, and returns the log's text. */
async function shortened({ at, bytes, between }: Run): Promise<string> {
  places += 1;
  const dir = join(built, String(places), 'state');
  fs.mkdirSync(join(built, String(places)));
  const drill = new Drill(join(built, 'out', 'worker.js'), dir);
  const under = ['env', `LD_PRELOAD=${shim()}`, `SHORT_AT=${at}`, `SHORT_BYTES=${bytes}`];
  const worker = drill.start({ name: 'cut', calls: 6, under: [...under, `SHORT_RUN=${between(dir)}`] });
  expect(await worker.exit).toBe(0);
  const after = drill.start({ name: 'after', calls: 2 });
  expect(await after.exit).toBe(0);
  const { report } = verifyStore({ disk: realDisk, dir, durability: 'fsync', forceNetworkFs: false });
  expect(report.findings.filter(({ level }) => level !== 'note')).toEqual([]);
  const text = fs.readFileSync(join(dir, 'log', '000000000001.jsonl'), 'utf8');
  expect(await drill.check()).toMatchObject({
    lost: 0,
    duplicated: 0,
    orderViolations: 0,
    disagreements: 0,
    failures: {},
    troubles: [],
  });
  expect(drill.acks.filter(({ token }) => token.startsWith('cut'))).toHaveLength(6);
  expect(drill.acks.filter(({ token }) => token.startsWith('after'))).toHaveLength(2);
  return text;
}

/** The command of a second server that makes one change of its own. */
function anotherWriter(dir: string): string {
  const orders = JSON.stringify({ dir, name: 'between', role: 'write', clockStepMs: 0, calls: 1 });
  return `unset LD_PRELOAD; '${process.execPath}' '${join(built, 'out', 'worker.js')}' '${orders}'`;
}

describe('a write that the system takes in two parts', () => {
  it.for([
    ['its first byte', 1],
    ['its beginning', 12],
    ['its half', 0],
    ['all but a part of its trailer', -12],
    ['all but its newline', -1],
  ] as const)(
    'is torn and made again, never damage, where another line comes after %s',
    {
      timeout: 60_000,
    },
    async ([, bytes], { skip }) => {
      skip(missing !== '', missing);
      const text = await shortened({ at: 4, bytes, between: anotherWriter });
      expect(text).toContain('"between-');
    },
  );
});
