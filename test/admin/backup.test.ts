// Backups are consistent while others write, a restore goes into an empty place only, and both refuse altered files.

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exportDocuments, exportLines } from '../../src/admin/export/export.ts';
import { backupStore } from '../../src/admin/file/backup.ts';
import { MANIFEST } from '../../src/admin/file/manifest.ts';
import { drillRestore, restoreBackup } from '../../src/admin/file/restore.ts';
import { encodeCommit } from '../../src/store/commit.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { LogReader } from '../../src/store/file/past/log-reader.ts';
import { bundleFixtures } from '../mcp/process.ts';
import { BY } from '../store/commits.ts';
import { openStore } from '../store/places.ts';
import {
  alter,
  faults,
  maintain,
  makeStore,
  newPlace,
  openDocuments,
  type Place,
  segments,
  set,
  verify,
} from './made-store.ts';

let place: Place;
let dir: string;
let target: string;
const backup = (beforeDamage = false) =>
  backupStore({ disk: realDisk, dir, target, durability: 'fsync', beforeDamage });
const read = (of: string) => new LogReader(realDisk, `${of}/log`).readAll();

beforeEach(() => {
  place = newPlace();
  dir = place.dir;
  target = join(place.parent, 'copy');
});
afterEach(() => place.remove());

describe('backup and restore', () => {
  test('bring back the same chain, documents and blobs, through several segments', async () => {
    const { blob } = await makeStore(dir, 4);
    const before = verify(dir);
    const made = backup();
    expect(made).toMatchObject({ ok: true, value: { target, unsynced: false } });
    const manifest = JSON.parse(fs.readFileSync(join(target, MANIFEST), 'utf8'));
    expect(manifest).toMatchObject({ format: 1, seq: before.report.seq, chain: before.report.chain });
    expect(Object.keys(manifest.files)).toContain(`blobs/${blob}`);
    expect(fs.statSync(target).mode & 0o777).toBe(0o700);
    expect(await drillRestore(realDisk, target)).toMatchObject({ ok: true, value: { commits: before.report.commits } });

    const into = join(place.parent, 'new/state');
    expect(restoreBackup(realDisk, target, into).ok).toBe(true);
    const after = verify(into);
    expect(after.report).toMatchObject({ sound: true, chain: before.report.chain, findings: [] });
    expect(after.rebuilder.documents).toEqual(before.rebuilder.documents);
    // And it lives on.
    const documents = openDocuments(into);
    expect(await set(documents, 'session/s-1', 'after', 1)).toBe(before.report.seq + 1);
    await documents.close();
    expect(fs.readdirSync(place.parent).sort()).toEqual(['copy', 'new', 'state']);
  });

  test('never overwrite, and never go inside the store', async () => {
    await makeStore(dir);
    const refuses = (why: string, result: unknown) =>
      expect(result).toMatchObject({ ok: false, failure: { issues: [{ why: expect.stringContaining(why) }] } });
    expect(backup().ok).toBe(true);
    refuses('never overwrites', backup());
    target = join(dir, 'copy');
    refuses('inside the store', backup());
    target = join(dir, '..copy');
    refuses('inside the store', backup());
    target = join(place.parent, 'no/where');
    refuses('parent', backup());
    refuses('move it away', restoreBackup(realDisk, join(place.parent, 'copy'), dir));
    refuses('no backup', restoreBackup(realDisk, dir, join(place.parent, 'other')));
    const empty = join(place.parent, 'empty');
    fs.mkdirSync(empty);
    expect(restoreBackup(realDisk, join(place.parent, 'copy'), empty).ok).toBe(true);
  });

  test('refuse a backup that was tampered with, and leave nothing behind', async () => {
    const { blob } = await makeStore(dir);
    backup();
    const into = join(place.parent, 'into');
    const refused = async (code: string) => {
      expect(restoreBackup(realDisk, target, into)).toMatchObject({ ok: false, failure: { code } });
      expect(await drillRestore(realDisk, target)).toMatchObject({ ok: false, failure: { code } });
    };
    const spoil = async (file: string, change: (text: string) => string, code = 'store-damaged') => {
      const sound = fs.readFileSync(file);
      alter(file, change);
      await refused(code);
      fs.chmodSync(file, 0o600);
      fs.writeFileSync(file, sound);
    };
    const [log = ''] = segments(target);
    const manifest = join(target, MANIFEST);
    await spoil(log, (text) => text.replace('session/s-2', 'session/s-9'));
    await spoil(log, (text) => text.slice(0, text.lastIndexOf('{"id"')));
    await spoil(join(target, 'blobs', blob), (text) => `y${text.slice(1)}`);
    await spoil(manifest, (text) => text.replace(/"seq": \d+/, '"seq": 2'));
    await spoil(manifest, (text) => text.replace(/"chain": "./, '"chain": "x'));
    await spoil(manifest, (text) => text.replace('"log/', '"../log/'));
    await spoil(manifest, (text) => text.replace('"format": 1', '"format": 999'), 'store-newer');
    await spoil(manifest, (text) => text.slice(1), 'invalid-input');
    // A line taken out with its traces in the manifest: the chain still tells.
    const text = fs
      .readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => !line.includes('session/s-2'))
      .join('\n');
    fs.writeFileSync(log, text);
    const { describeFile } = await import('../../src/admin/file/manifest.ts');
    alter(manifest, (before) => {
      const parsed = JSON.parse(before);
      parsed.files['log/000000000001.jsonl'] = describeFile(Buffer.from(text));
      return JSON.stringify(parsed);
    });
    await refused('store-damaged');
    expect(fs.readdirSync(place.parent).sort()).toEqual(['copy', 'state']);
  });

  test('leave nothing behind if the restored store does not pass its check', async () => {
    const store = openStore(dir);
    const wrong = encodeCommit({
      id: v7(),
      at: new Date().toISOString(),
      by: BY,
      seen: store.seen(),
      expect: { 'task/tsk-1': [0, ''] },
      events: [{ stream: 'task/tsk-1', type: 'test.set', patch: [{ op: 'remove', path: '/not/there' }] }],
    });
    await store.append([wrong]).durable;
    await store.close();
    expect(faults(dir)).toEqual(['document-broken']);
    expect(backup().ok).toBe(true);
    const into = join(place.parent, 'into');
    expect(restoreBackup(realDisk, target, into)).toMatchObject({ ok: false, failure: { code: 'store-damaged' } });
    expect(fs.readdirSync(place.parent).sort()).toEqual(['copy', 'state']);
  });

  test('of a damaged store: refused, unless only what comes before the damage is wanted', async () => {
    await makeStore(dir);
    const [log = ''] = segments(dir);
    alter(log, (text) => text.replace('session/s-2', 'session/s-9'));
    expect(backup()).toMatchObject({ ok: false, failure: { code: 'store-damaged' } });
    expect(backup(true)).toMatchObject({
      ok: true,
      value: { leftOut: { code: 'store-damaged' }, manifest: { seq: 3 } },
    });
    const into = join(place.parent, 'into');
    expect(restoreBackup(realDisk, target, into)).toMatchObject({ ok: true, value: { commits: 3 } });
    const documents = openDocuments(into);
    expect(await set(documents, 'session/s-2', 'x', 1)).toBe(4);
    await documents.close();
    expect(verify(into).report.sound).toBe(true);
  });

  test('of a store whose seal does not fit its bytes: what comes before that seal is copied, and is sound', async () => {
    const documents = openDocuments(dir, 1);
    for (let n = 0; n < 4; n += 1) {
      await set(documents, 'task/t-1', `k${n}`, n);
      fs.appendFileSync(segments(dir).at(-1) ?? '', '\ntorn\n');
      await set(documents, 'task/t-2', `k${n}`, n);
      await maintain(documents);
    }
    await documents.close();
    // The torn line of the second segment, which no sum covers but the seal's.
    const [, second = ''] = segments(dir);
    const unpack = second.endsWith('.gz');
    const text = unpack ? gunzipSync(fs.readFileSync(second)) : fs.readFileSync(second);
    const altered = text.toString('latin1').replace('torn', 'tern');
    fs.chmodSync(second, 0o600);
    fs.writeFileSync(second, unpack ? gzipSync(altered) : altered);
    expect(faults(dir)).toContain('log-damaged');
    expect(backup()).toMatchObject({ ok: false, failure: { code: 'store-damaged' } });
    const made = backup(true);
    expect(made).toMatchObject({ ok: true, value: { leftOut: { code: 'store-damaged' } } });
    const into = join(place.parent, 'into');
    expect(restoreBackup(realDisk, target, into)).toMatchObject({ ok: true });
    expect(verify(into).report.findings.filter(({ level }) => level !== 'note')).toEqual([]);
    const kept = verify(into).rebuilder.documents;
    expect(kept.get('task/t-1')?.doc).toEqual({ schema: 1, k0: 0, k1: 1 });
    expect(kept.get('task/t-2')?.doc).toEqual({ schema: 1, k0: 0, k1: 1 });
    const again = openDocuments(into);
    await set(again, 'task/t-1', 'after', 1);
    await again.close();
    expect(verify(into).report.sound).toBe(true);
  });
});

describe('while two processes write', () => {
  let fixtures: Awaited<ReturnType<typeof bundleFixtures>>;
  const writers: ChildProcess[] = [];
  beforeAll(async () => {
    fixtures = await bundleFixtures({ writer: 'test/admin/fixtures/writer.ts' });
  });
  afterAll(() => fixtures.remove());
  afterEach(async () => {
    for (const writer of writers.splice(0)) {
      const gone = new Promise((resolve) => writer.on('exit', resolve));
      writer.kill('SIGKILL');
      await gone;
    }
  });

  test('verify finds no damage, and a backup has every commit answered before it began', async () => {
    let answered = 0;
    const startWriter = async () => {
      const child = spawn(process.execPath, [join(fixtures.dir, 'out/writer.js'), dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      writers.push(child);
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          for (const line of chunk.toString().trim().split('\n')) answered = Math.max(answered, Number(line));
          resolve();
        });
      });
    };
    await Promise.all([startWriter(), startWriter()]);
    for (let round = 0; round < 12; round += 1) {
      const wanted = answered + 30;
      while (answered < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
      const known = answered;
      const { report } = verify(dir);
      expect(report.findings.filter(({ level }) => level !== 'note')).toEqual([]);
      expect(report.seq).toBeGreaterThanOrEqual(known);
      target = join(place.parent, `copy-${round}`);
      const made = backup();
      expect(made).toMatchObject({ ok: true });
      if (!made.ok) return;
      expect(made.value.manifest.seq).toBeGreaterThanOrEqual(known);
      expect(read(dir).fold.chainAt(made.value.manifest.seq)).toBe(made.value.manifest.chain);
    }
    expect(segments(dir).length).toBeGreaterThan(2);
    expect((await drillRestore(realDisk, target)).ok).toBe(true);
  });
});

describe('export', () => {
  test('line n is the line with seq n, byte for byte', async () => {
    await makeStore(dir, 2);
    const [log = ''] = segments(dir);
    expect(log).toMatch(/\.gz$/);
    fs.appendFileSync(segments(dir).at(-1) ?? '', '\ntorn\n');
    const reader = new LogReader(realDisk, `${dir}/log`);
    const lines = Buffer.concat([...exportLines(reader, 0)])
      .toString('utf8')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBe(reader.fold.seq);
    const { Fold } = await import('../../src/store/fold.ts');
    const { nextChain, claimedSum } = await import('../../src/store/commit.ts');
    const chain = lines.reduce((before, line) => nextChain(before, claimedSum(Buffer.from(line)) ?? ''), '');
    expect(chain).toBe(reader.fold.chain);
    // Up to the first seal any fold takes them as they are.
    const fold = new Fold();
    expect(fold.offer(Buffer.from(lines[0] ?? ''), { segment: 1, offset: 0 }).kind).toBe('valid');
    const tail = Buffer.concat([...exportLines(new LogReader(realDisk, `${dir}/log`), lines.length)]);
    expect(tail.toString('utf8')).toBe(`${lines.at(-1)}\n`);
  });

  test('documents as they are now', async () => {
    await makeStore(dir);
    const lines = [...exportDocuments(new LogReader(realDisk, `${dir}/log`))].map((line) =>
      JSON.parse(line.toString()),
    );
    expect(lines.map(({ stream }) => stream)).toEqual([
      'session/s-0',
      'session/s-1',
      'session/s-2',
      'session/s-3',
      'session/s-4',
      'store',
      'task/r-1',
    ]);
    expect(lines[1]).toMatchObject({ version: 2, document: { schema: 1, x: 1 } });
  });
});
