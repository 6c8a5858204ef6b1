// Kills, failed and shortened calls and power losses at every storage call of a short life of the store.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/failure/failure.ts';
import { FileBlobs } from '../../src/store/file/caches/blobs.ts';
import { type Call, FaultyDisk, type Loss } from './faulty-disk.ts';
import { change, live, noAnswers, openDocuments, readList, verify } from './life.ts';
import { randomFrom } from './random.ts';

// Durability is simulated here, so memory serves as well as a disk, and faster.
const shm = '/dev/shm';
const parent = fs.mkdtempSync(join(fs.existsSync(shm) ? shm : tmpdir(), 'baton-faults-'));
let places = 0;
afterAll(() => fs.rmSync(parent, { recursive: true, force: true }));

function place(): string {
  places += 1;
  const dir = join(parent, String(places), 'state');
  fs.mkdirSync(join(parent, String(places)));
  return dir;
}

function forget(dir: string): void {
  fs.rmSync(join(dir, '..'), { recursive: true, force: true });
}

async function wholeLife(): Promise<Call[]> {
  const dir = place();
  const disk = new FaultyDisk(dir);
  const answers = noAnswers();
  const documents = await live(dir, disk, answers, () => false);
  await documents.close();
  expect(answers).toMatchObject({ acked: { length: 9 }, refused: [], unknown: [], crashed: [] });
  expect(fs.readdirSync(join(dir, 'log')).some((name) => name.endsWith('.gz'))).toBe(true);
  await verify(dir, answers, 'no fault');
  forget(dir);
  return disk.calls;
}

/** Lives until the fault strikes, or to the end if it kills nobody. */
async function liveWith(disk: FaultyDisk, dir: string) {
  const answers = noAnswers();
  const living = live(dir, disk, answers, () => disk.dead).catch((error: unknown) => error);
  const ended = await Promise.race([living, disk.died]);
  return { answers, ended };
}

const LOSSES: Loss[] = ['all-unsynced', 'some-unsynced', 'nul-in-unsynced', 'nothing'];

describe('a process that dies', () => {
  it('at any storage call loses nothing acknowledged, to the kill or to a power loss', {
    timeout: 120_000,
  }, async () => {
    const calls = await wholeLife();
    const random = randomFrom(20_261_120);
    // Calls that change nothing leave what the call before left: the next that does stands for them.
    const changing = calls.map((call, index) => ({ call, at: index + 1 })).filter(({ call }) => changes(call));
    expect(changing.length).toBeGreaterThan(150);
    for (const { call, at } of changing) {
      const dir = place();
      const tear = call.operation === 'write' && random() < 0.6;
      const disk = new FaultyDisk(dir, {
        at,
        action: tear ? { tear: Math.floor(random() * (call.bytes + 1)) } : 'kill',
      });
      const { answers } = await liveWith(disk, dir);
      disk.closeAll();
      const what = `${tear ? 'torn' : 'killed'} at call ${at}: ${call.operation} ${call.path.slice(parent.length)}`;
      for (const loss of ['all-unsynced', LOSSES[at % 3] ?? 'nothing', 'nothing'] as Loss[]) {
        const image = place();
        disk.powerLoss(image, loss, random);
        await verify(image, answers, `${what}, ${loss}`);
        forget(image);
      }
      forget(dir);
    }
  });
});

function changes(call: Call): boolean {
  return !['read', 'fstat', 'stat', 'readdir', 'readFile', 'close'].includes(call.operation);
}

const ERRORS: Partial<Record<Call['operation'], string[]>> = {
  open: ['EMFILE', 'EROFS', 'ENOSPC'],
  write: ['ENOSPC', 'EFBIG', 'EIO', 'EROFS'],
  fdatasync: ['EIO'],
  fdatasyncNow: ['EIO'],
  fsyncNow: ['EIO', 'ENOSPC'],
  fsync: ['EIO', 'ENOSPC'],
  mkdir: ['ENOSPC', 'EROFS'],
  rename: ['ENOSPC', 'EIO'],
  link: ['ENOSPC', 'EROFS'],
  close: ['EIO'],
};

describe('a call that fails', () => {
  it('is a clear failure or none, nothing half applied, and goes away with its cause', {
    timeout: 120_000,
  }, async () => {
    const calls = await wholeLife();
    for (const [index, call] of calls.entries()) {
      const errors = ERRORS[call.operation] ?? ['EIO'];
      const errno = errors[index % errors.length] ?? 'EIO';
      const dir = place();
      const disk = new FaultyDisk(dir, { at: index + 1, action: { errno } });
      const { answers, ended } = await liveWith(disk, dir);
      const what = `${errno} at call ${index + 1}: ${call.operation} ${call.path.slice(parent.length)}`;
      expect(answers.crashed, what).toEqual([]);
      if (ended instanceof Error) expect(ended, what).toBeInstanceOf(FailureError);
      const poisoned = fs.existsSync(join(dir, 'log', 'poison'));
      // What fdatasync could not save is the one trouble that outlives its cause.
      // Of this life: where syncs end on a thread, no two lives have quite the same calls in the same order.
      const struck = disk.calls[index];
      const unsaved = struck?.operation.startsWith('fdatasync') === true && struck.path.includes('/log/');
      expect(poisoned, what).toBe(unsaved);
      // A life is a call or two shorter by what its syncs overlapped: a fault that it did not meet is over too.
      disk.set(undefined);
      if (ended instanceof Error || ended === undefined) {
        const again = poisoned ? undefined : openDocuments(dir, disk);
        if (again !== undefined) {
          await change(again, 50, answers, () => false);
          await again.close();
        }
      } else if (!poisoned) {
        await change(ended as Awaited<ReturnType<typeof live>>, 50, answers, () => false);
        await (ended as Awaited<ReturnType<typeof live>>).close();
      }
      if (poisoned) fs.rmSync(join(dir, 'log', 'poison'));
      else expect(answers.acked.at(-1), what).toBe(50);
      disk.closeAll();
      await verify(dir, answers, what);
      forget(dir);
    }
  });

  it.each([
    ['ENOSPC', 'store-full'],
    ['EFBIG', 'store-full'],
    ['EDQUOT', 'store-full'],
    ['EROFS', 'store-unwritable'],
    ['EACCES', 'store-unwritable'],
    ['EBADF', 'store-unwritable'],
    ['EIO', 'store-unwritable'],
  ])('lasting %s refuses every write as %s, and is over when it is over', async (errno, code) => {
    const dir = place();
    const disk = new FaultyDisk(dir);
    const answers = noAnswers();
    const documents = openDocuments(dir, disk);
    await change(documents, 0, answers, () => false);
    disk.set({ at: 1, operation: 'write', path: '.jsonl', lasting: true, action: { errno } });
    for (const n of [3, 4, 5]) await change(documents, n, answers, () => false);
    expect(answers.codes).toEqual([code, code, code]);
    expect(await readList(documents)).toEqual({ items: [0] });
    disk.set(undefined);
    await change(documents, 6, answers, () => false);
    expect(answers.acked).toEqual([0, 6]);
    await documents.close();
    await verify(dir, answers, errno);
  });
});

it.each([
  ['ENOSPC', 'store-full'],
  ['EDQUOT', 'store-full'],
  ['EROFS', 'store-unwritable'],
  ['EACCES', 'store-unwritable'],
  ['EIO', 'store-unwritable'],
])('a blob that %s refuses is told as %s', (errno, code) => {
  const dir = place();
  const disk = new FaultyDisk(dir, { at: 1, operation: 'open', action: { errno } });
  fs.mkdirSync(dir);
  const put = () => new FileBlobs(disk, dir, 'none').put(Buffer.from('bytes'));
  expect(put).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code }) }));
});

describe('a short write', () => {
  it('of every length leaves won lines, and refused or unknown ones, never a half', { timeout: 60_000 }, async () => {
    const probe = place();
    const measured = new FaultyDisk(probe);
    const first = openDocuments(probe, measured);
    await Promise.all([0, 1, 3].map((n) => change(first, n, noAnswers(), () => false)));
    const length = measured.calls.filter(({ operation }) => operation === 'write').at(-1)?.bytes ?? 0;
    await first.close();
    const text = fs.readFileSync(join(probe, 'log', '000000000001.jsonl'), 'utf8');
    const ends = [...text.slice(-length).matchAll(/"\}\n/g)].map(({ index }) => index);
    const lengths = new Set([0, 1, 2, length - 1]);
    for (const end of ends) for (let by = -3; by <= 4; by += 1) lengths.add(end + by);
    for (let at = 7; at < length; at += 97) lengths.add(at);
    const kinds = { ended: new Set<string>(), open: new Set<string>() };
    for (const short of lengths) {
      if (short < 0 || short >= length) continue;
      for (const newlineFails of [false, true]) {
        const dir = place();
        const disk = new FaultyDisk(dir);
        const documents = openDocuments(dir, disk);
        const answers = noAnswers();
        const action = { short };
        disk.set({ at: 1, operation: 'write', path: '.jsonl', action });
        const writing = [0, 1, 3].map((n) => change(documents, n, answers, () => false));
        if (newlineFails) onceStruck(disk, () => disk.set({ at: 1, operation: 'write', action: { errno: 'ENOSPC' } }));
        await Promise.all(writing);
        const kind = `${answers.acked.length}/${answers.refused.length}/${answers.unknown.length}`;
        kinds[newlineFails ? 'open' : 'ended'].add(kind);
        expect(answers.crashed).toEqual([]);
        disk.set(undefined);
        await change(documents, 50, answers, () => false);
        expect(answers.acked.at(-1)).toBe(50);
        await documents.close();
        await verify(dir, answers, `short write of ${short} of ${length}${newlineFails ? ', newline fails' : ''}`);
        forget(dir);
      }
    }
    // Some lost all, some kept whole lines, to the last where it lacked its newline alone. Only where even that newline
    // could not be written, what became of it is not known.
    expect([...kinds.ended].sort()).toEqual(['0/3/0', '1/2/0', '2/1/0', '3/0/0']);
    expect([...kinds.open]).toEqual(expect.arrayContaining(['0/3/0', '1/2/0', '0/2/1']));
  });
});

/** Calls back within the write that was shortened, before the next call is made. */
function onceStruck(disk: FaultyDisk, then: () => void): void {
  const write = disk.write.bind(disk);
  disk.write = (fd, bytes) => {
    const took = write(fd, bytes);
    if (took < bytes.length) then();
    return took;
  };
}

describe('a failed fdatasync', () => {
  it.each([
    ['in place', 'fdatasyncNow', false],
    ['on a thread', 'fdatasync', true],
  ] as const)(
    '%s answers outcome-unknown, stops writing here and for who opens later, and is never tried again',
    async (_, operation, slow) => {
      const dir = place();
      const disk = new FaultyDisk(dir);
      disk.slow = slow;
      const documents = openDocuments(dir, disk);
      const answers = noAnswers();
      const before = Array.from({ length: 10 }, (_, n) => n);
      // Nobody has come between: from now on syncs are made in place, if they are brief.
      for (const n of before) await change(documents, n, answers, () => false);
      disk.set({ at: 1, operation, action: { errno: 'EIO' } });
      await change(documents, 13, answers, () => false);
      const syncs = disk.calls.filter(({ operation }) => operation.startsWith('fdatasync')).length;
      await change(documents, 14, answers, () => false);
      expect(answers.codes[0]).toBe('outcome-unknown');
      expect(answers.acked).toEqual(before);
      expect(documents.store.info().stopped).toMatchObject({ code: 'read-only' });
      // The line is in the page cache, but no answer may rest on it.
      await expect(readList(documents)).rejects.toBeInstanceOf(FailureError);
      expect(disk.calls.filter(({ operation }) => operation.startsWith('fdatasync')).length).toBe(syncs);
      // An exit after it is as clean as any.
      await documents.close();
      const later = openDocuments(dir);
      expect(later.store.info().stopped).toMatchObject({ code: 'read-only' });
      await change(later, 15, answers, () => false);
      expect(answers.codes.at(-1)).toBe('read-only');
      await later.close();
    },
  );
});
