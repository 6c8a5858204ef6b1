// Short writes below the runtime: a preloaded library shortens one write(2) to the log and lets another process append
// before libuv writes the rest. A seam above the runtime cannot show this, because libuv hides the short count.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { claimedSum, soundSum } from '../../src/store/commit.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { Drill } from './drill.ts';
import { anotherWriter, type Cut, compileShim, KILL_WRITER, underShim } from './short-writes.ts';

let built = '';
let missing = '';
let places = 0;

beforeAll(async () => {
  built = fs.mkdtempSync(join(tmpdir(), 'baton-short-'));
  missing = compileShim(shim()) ?? '';
  if (missing === '') await bundle({ entries: { worker: 'test/store/fixtures/worker.ts' }, dir: join(built, 'out') });
});
afterAll(() => fs.rmSync(built, { recursive: true, force: true }));

function shim(): string {
  return join(built, 'short-write.so');
}

interface Run {
  /** As in `Cut`. */
  bytes: Cut['bytes'];
  between: (dir: string) => string;
  /** What is run between lives on, and makes `<dir>.done` when it has ended. */
  lives?: boolean;
}

function worker(): string {
  return join(built, 'out', 'worker.js');
}

/** Lets a worker make six changes under the shim, checks its answers and the store, and returns the log's text. */
async function shortened({ bytes, between, lives = false }: Run): Promise<string> {
  places += 1;
  const dir = join(built, String(places), 'state');
  fs.mkdirSync(join(built, String(places)));
  const drill = new Drill(worker(), dir);
  // The first write creates the store.
  const cut = drill.start({ name: 'cut', calls: 6, under: underShim(shim(), { at: 4, bytes, run: between(dir) }) });
  expect(await cut.exit).toBe(0);
  if (lives) await vi.waitFor(() => expect(fs.existsSync(`${dir}.done`)).toBe(true), { timeout: 20_000 });
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
      const text = await shortened({ bytes, between: (dir) => anotherWriter(worker(), dir) });
      expect(text).toContain('"between-');
    },
  );
});

describe('the rest of a write behind the beginning of another', () => {
  it.for([
    ['a beginning', 200],
    ['its half', 0],
    ['all but its newline', -1],
  ] as const)(
    'is torn, never damage, where the other dies after %s',
    { timeout: 60_000 },
    async ([, bytes], { skip }) => {
      skip(missing !== '', missing);
      const between = (dir: string) => `${anotherWriter(worker(), dir, { bytes, run: KILL_WRITER })}; true`;
      const text = await shortened({ bytes: 0, between });
      expect(text.split('\n').filter(isMixed)).toHaveLength(1);
    },
  );

  it('is torn, never damage, where the other lives and writes on behind it', { timeout: 60_000 }, async ({ skip }) => {
    skip(missing !== '', missing);
    const between = (dir: string) => {
      const other = anotherWriter(worker(), dir, { bytes: 0, run: `touch ${dir}.half; sleep 0.3` });
      return `(${other}; touch ${dir}.done) & while [ ! -e ${dir}.half ]; do sleep 0.01; done`;
    };
    const text = await shortened({ bytes: 0, between, lives: true });
    expect(text.split('\n').filter(isMixed)).toHaveLength(1);
    expect(text).toContain('"between-');
  });
});

/** The line begins and ends as a line does, with pieces of two. */
function isMixed(line: string): boolean {
  return claimedSum(line) !== undefined && soundSum(line) === undefined;
}
