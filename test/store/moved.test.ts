// Files taken away, replaced or edited under a running process: noticed before anything is acknowledged or answered.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { FailureError } from '../../src/failure/failure.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { put } from './commits.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { change, noAnswers, openDocuments, readList } from './life.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

const removals: (() => void)[] = [];
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  removals.push(place.remove);
  return place.dir;
}

async function maintain(documents: Documents): Promise<void> {
  const trouble: unknown[] = [];
  const options = { idleMs: 1e6, everyCommits: 1e6, onTrouble: (error: unknown) => trouble.push(error) };
  const maintenance = new Maintenance(documents, options);
  await maintenance.run();
  await maintenance.stop();
  expect(trouble).toEqual([]);
}

function replace(path: string, bytes: Uint8Array): void {
  fs.writeFileSync(`${path}.new`, bytes);
  fs.renameSync(`${path}.new`, path);
}

describe('a log that goes away under a running process', () => {
  const ways: [string, (dir: string) => void][] = [
    ['deleted', (dir) => fs.rmSync(segmentFile(dir))],
    ['replaced by a copy', (dir) => replace(segmentFile(dir), fs.readFileSync(segmentFile(dir)))],
    ['moved away with its directory', (dir) => fs.renameSync(dir, `${dir}-away`)],
    ['moved and made anew', (dir) => remade(dir)],
    ['cut short', (dir) => fs.truncateSync(segmentFile(dir), 40)],
  ];
  it.each(ways)('%s: no write is acknowledged, no read answered', async (_what, take) => {
    const dir = newPlace();
    const [documents, reader] = [openDocuments(dir), openDocuments(dir)];
    const answers = noAnswers();
    await change(documents, 0, answers, () => false);
    expect(await readList(reader)).toEqual({ items: [0] });
    take(dir);
    await change(documents, 3, answers, () => false);
    expect(answers).toMatchObject({ acked: [0], codes: ['store-moved'], crashed: [] });
    await expect(readList(documents)).rejects.toBeInstanceOf(FailureError);
    await expect(readList(reader)).rejects.toBeInstanceOf(FailureError);
    for (const one of [documents, reader]) await one.close();
  });

  function remade(dir: string): void {
    fs.renameSync(dir, `${dir}-away`);
    fs.mkdirSync(join(dir, 'log'), { recursive: true });
    fs.writeFileSync(segmentFile(dir), '');
  }

  it('between its write and its read-back: no edit of it reaches a document', async () => {
    const dir = newPlace();
    const disk = new FaultyDisk(dir);
    const documents = openDocuments(dir, disk);
    const answers = noAnswers();
    await change(documents, 0, answers, () => false);
    const write = disk.write.bind(disk);
    disk.write = (fd, bytes) => {
      const took = write(fd, bytes);
      replace(segmentFile(dir), Buffer.from('another log'));
      return took;
    };
    await change(documents, 3, answers, () => false);
    expect(answers).toMatchObject({ acked: [0], codes: ['store-moved'], crashed: [] });
    expect(documents.store.expected('channel/list')[0]).toBe(1);
    await documents.close();
  });

  it('leaves no segment behind in the directory that took its place', async () => {
    const dir = newPlace();
    const store = openStore(dir, { segmentBytes: 1 });
    await put(store, 'task/t-1', 1);
    remade(dir);
    await store.upkeep.seal().catch(() => false);
    expect(fs.readdirSync(join(dir, 'log'))).toEqual(['000000000001.jsonl']);
  });
});

describe('documents on disk', () => {
  const list = (dir: string) => join(dir, 'channels', 'list.json');

  it('are private, readable, and named by their folder', async () => {
    const dir = newPlace();
    const documents = openDocuments(dir);
    await change(documents, 1, noAnswers(), () => false);
    await maintain(documents);
    const mode = (path: string) => (fs.statSync(path).mode & 0o777).toString(8);
    expect(JSON.parse(fs.readFileSync(list(dir), 'utf8'))).toMatchObject({ version: 1, document: { items: [1] } });
    expect([list(dir), segmentFile(dir), join(dir, 'checkpoint.json'), dir, join(dir, 'log')].map(mode)).toEqual([
      '400',
      '600',
      '600',
      '700',
      '700',
    ]);
    const [blob] = fs.readdirSync(join(dir, 'blobs'));
    expect(mode(join(dir, 'blobs', blob ?? ''))).toBe('400');
    await documents.close();
  });

  it.each([
    ['edited by hand', (path: string) => fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('1', '7'))],
    ['made no JSON', (path: string) => fs.writeFileSync(path, 'hello')],
    ['emptied', (path: string) => fs.writeFileSync(path, '')],
    ['made a directory', (path: string) => [fs.rmSync(path), fs.mkdirSync(path)]],
    ['made a link', (path: string) => [fs.rmSync(path), fs.symlinkSync('/etc/passwd', path)]],
    ['deleted', (path: string) => fs.rmSync(path)],
    ['deleted with its folder', (path: string) => fs.rmSync(join(path, '..'), { recursive: true })],
  ])('%s: not believed, and what somebody wrote is kept aside', async (what, edit) => {
    const dir = newPlace();
    const documents = openDocuments(dir);
    const answers = noAnswers();
    await change(documents, 1, answers, () => false);
    await maintain(documents);
    fs.chmodSync(list(dir), 0o600);
    edit(list(dir));
    const later = openDocuments(dir);
    expect(await readList(later)).toEqual({ items: [1] });
    await change(documents, 3, answers, () => false);
    await maintain(documents);
    expect(JSON.parse(fs.readFileSync(list(dir), 'utf8'))).toMatchObject({ version: 2, document: { items: [1, 3] } });
    const aside = fs.readdirSync(join(dir, 'channels')).filter((name) => name.includes('.edited-'));
    expect(aside).toHaveLength(what.startsWith('deleted') ? 0 : 1);
    expect(await readList(later)).toEqual({ items: [1, 3] });
    for (const one of [documents, later]) await one.close();
  });

  it('that know a commit which the log has lost stop the store', async () => {
    const dir = newPlace();
    const documents = openDocuments(dir);
    const answers = noAnswers();
    await change(documents, 1, answers, () => false);
    const older = fs.readFileSync(segmentFile(dir));
    await change(documents, 3, answers, () => false);
    await maintain(documents);
    await documents.close();
    for (const name of fs.readdirSync(join(dir, 'log'))) fs.rmSync(join(dir, 'log', name));
    fs.writeFileSync(segmentFile(dir), older);
    fs.rmSync(join(dir, 'checkpoint.json'));
    const restored = openDocuments(dir);
    expect(await readList(restored)).toEqual({ items: [1] });
    const snapshot = restored.snapshot('channel/list');
    if (snapshot === undefined) throw new Error('no document');
    await expect(restored.store.putSnapshot(snapshot)).rejects.toThrow(FailureError);
    expect(restored.store.info().stopped).toMatchObject({ code: 'store-damaged' });
    await restored.close();
  });

  it('of an older state never replace newer ones', async () => {
    const dir = newPlace();
    const [fast, slow] = [openDocuments(dir), openDocuments(dir)];
    await change(fast, 1, noAnswers(), () => false);
    await readList(slow);
    const old = structuredClone(slow.snapshot('channel/list'));
    await change(fast, 3, noAnswers(), () => false);
    await maintain(fast);
    if (old !== undefined) await slow.store.putSnapshot(old);
    expect(JSON.parse(fs.readFileSync(list(dir), 'utf8'))).toMatchObject({ version: 2 });
    for (const one of [fast, slow]) await one.close();
  });

  it('cost one sync per file and one per folder', async () => {
    const dir = newPlace();
    const disk = new FaultyDisk(dir);
    const store = openStore(dir, { disk });
    for (let n = 0; n < 30; n += 1) await put(store, `task/t-${n}`, n);
    const before = disk.calls.length;
    const mark = await store.upkeep.mark();
    for (let n = 0; n < 30; n += 1) {
      const [version, head] = store.expected(`task/t-${n}`);
      await store.putSnapshot({ stream: `task/t-${n}`, seq: store.lastSeq(`task/t-${n}`), version, head, doc: n });
    }
    await mark.save();
    const syncs = disk.calls.slice(before).filter(({ operation }) => operation === 'fsync');
    // The folder, the two above it since it was made, and the checkpoint with its name.
    expect(syncs.length).toBe(30 + 3 + 2);
    await store.close();
  });
});

describe('a document that a line does not fit', () => {
  it('is damage to that document alone: the others go on', async () => {
    const dir = newPlace();
    const documents = openDocuments(dir);
    const answers = noAnswers();
    await change(documents, 0, answers, () => false);
    const store = openStore(dir);
    const { commitOf } = await import('./commits.ts');
    const { encodeCommit } = await import('../../src/store/commit.ts');
    const { commit } = commitOf(store, [{ stream: 'counter/c-0', value: 0 }]);
    const patch = [{ op: 'remove' as const, path: '/not/there' }];
    store.append([encodeCommit({ ...commit, events: [{ stream: 'counter/c-0', type: 'x', patch }] })]);
    await put(store, 'counter/c-1', { n: 5 });
    for (const one of [documents, openDocuments(dir)]) {
      expect(await one.read((view) => ({ ...view.get<{ n: number }>('counter/c-1') }))).toEqual({
        n: one === documents ? 5 : 6,
      });
      await expect(one.read((view) => view.get('counter/c-0'))).rejects.toBeInstanceOf(FailureError);
      await change(one, one === documents ? 1 : 4, answers, () => false);
    }
    expect(answers).toMatchObject({ acked: [0, 1, 4], crashed: [] });
    await change(documents, 3, answers, () => false);
    expect(answers.codes).toEqual(['store-damaged']);
  });
});

describe('closing', () => {
  it('waits for what is under way, and refuses what comes later', async () => {
    const dir = newPlace();
    const documents = openDocuments(dir);
    const answers = noAnswers();
    const early = [0, 1, 3, 4].map((n) => change(documents, n, answers, () => false));
    await documents.close();
    await Promise.all(early);
    expect(answers.acked).toHaveLength(4);
    await change(documents, 5, answers, () => false);
    expect(answers.codes).toEqual(['read-only']);
    expect(fs.existsSync(join(dir, 'log', 'poison'))).toBe(false);
  });

  it('closes every descriptor', async () => {
    const dir = newPlace();
    let held = 0;
    const counting = {
      ...realDisk,
      open: (...args: Parameters<typeof realDisk.open>) => {
        held += 1;
        return realDisk.open(...args);
      },
      close: (fd: number) => {
        held -= 1;
        realDisk.close(fd);
      },
    };
    const documents = openDocuments(dir, counting);
    for (const n of [0, 1, 2]) await change(documents, n, noAnswers(), () => false);
    await maintain(documents);
    await documents.close();
    expect(held).toBe(0);
  });
});

/** How often the turnstile was looked at. */
function looks({ calls }: FaultyDisk): number {
  return calls.filter(({ path }) => path.endsWith('turnstile')).length;
}

describe('the turnstile', () => {
  it('that is ignored, unreadable or cannot be made costs patience once and never spins', async () => {
    const dir = newPlace();
    const disk = new FaultyDisk(dir);
    const store = openStore(dir, { disk });
    // Somebody alive who never gives it back: this process itself, under another name.
    const { quickStart } = await import('../../src/base/process-start.ts');
    fs.writeFileSync(join(dir, 'log', 'turnstile'), `${process.pid} ${quickStart(process.pid) ?? ''}\n`);
    await store.takeTurn(false);
    // Patience is spent by now, in looks a millisecond apart; further turns take a few looks each.
    const patient = looks(disk);
    expect(patient).toBeLessThan(1_000);
    for (let n = 0; n < 5; n += 1) (await store.takeTurn(true))?.();
    expect(looks(disk) - patient).toBeLessThan(100);
    await store.close();
  });

  it('of a process of another place is waited for once, and removed after a while', async () => {
    const dir = newPlace();
    const store = openStore(dir);
    const file = join(dir, 'log', 'turnstile');
    fs.writeFileSync(file, '999999999 1 aaaaaaaa\n');
    await store.takeTurn(false);
    expect(fs.existsSync(file)).toBe(true);
    const steady = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => steady + 11_000);
    try {
      expect(store.takeTurn(false)).toBeUndefined();
    } finally {
      clock.mockRestore();
    }
    expect(fs.existsSync(file)).toBe(false);
    await store.close();
  });

  it('of a dead process is removed at once', async () => {
    const dir = newPlace();
    const disk = new FaultyDisk(dir);
    const store = openStore(dir, { disk });
    fs.writeFileSync(join(dir, 'log', 'turnstile'), '999999999 1\n');
    await store.takeTurn(false);
    // No look was repeated after a pause.
    expect(looks(disk)).toBeLessThan(10);
    expect(fs.existsSync(join(dir, 'log', 'turnstile'))).toBe(false);
    await store.close();
  });
});
