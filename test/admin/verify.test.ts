// What doctor finds: a sound store, and one damaged in every way that it promises to name.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptDocument } from '../../src/admin/file/adopt.ts';
import { clearPoison, rebuildCaches } from '../../src/admin/file/repair.ts';
import { reportText, verdict } from '../../src/admin/file/report-text.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { STORE_FORMAT } from '../../src/store/formats.ts';
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
const options = () => ({ disk: realDisk, dir, durability: 'fsync' as const, forceNetworkFs: false });
const adopt = (file: string) => adoptDocument(options(), file, { user: 'tester' });

beforeEach(() => {
  place = newPlace();
  dir = place.dir;
});
afterEach(() => place.remove());

/** All bytes below the store, for seeing that nothing was changed. */
function picture(): Record<string, string> {
  const files = fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [file, `${fs.statSync(file).mode} ${fs.readFileSync(file, 'latin1')}`];
    }),
  );
}

describe('a sound store', () => {
  test('is verified whole, and nothing is written', async () => {
    await makeStore(dir, 4);
    const before = picture();
    const { report } = verify(dir);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ sound: true, format: 1, commits: 27, seq: 31, requests: 1 });
    expect(report.log).toMatchObject({ segments: 5, torn: 0 });
    expect(report.log.compressed).toBeGreaterThan(0);
    expect(report.documents).toMatchObject({ rebuilt: 12, current: 12, older: 0 });
    expect(report.checkpoint).toEqual({ state: 'fits', seq: 31 });
    expect(report.blobs).toMatchObject({ named: 1, files: 1 });
    expect(verdict(report)).toMatch(/^verified: 27 commits, 12 documents, chain [0-9a-f]{16}$/);
    expect(reportText(report).trimEnd().split('\n').at(-1)).toBe(verdict(report));
    expect(picture()).toEqual(before);
  });

  test('given documents in folders whose names follow no rule, none is taken for one of no stream', async () => {
    const kinds = ['session', 'run', 'channel', 'task', 'agent', 'pool', 'alias', 'registry'];
    const documents = openDocuments(dir);
    for (const kind of kinds) await set(documents, `${kind}/one`, 'a', 1);
    await maintain(documents);
    await documents.close();
    for (const folder of ['aliases', 'registries']) expect(fs.readdirSync(join(dir, 'shared', folder))).toHaveLength(1);
    const { report } = verify(dir);
    expect(report.findings).toEqual([]);
    expect(report.documents).toMatchObject({ current: kinds.length + 1, orphans: 0 });
  });

  test('with older caches, a torn line and lost races is sound', async () => {
    await makeStore(dir);
    const [a, b] = [openDocuments(dir), openDocuments(dir)];
    const bump = (n: number) => [a, b].map((documents) => set(documents, 'task/hot', `k${n}`, n));
    for (let n = 0; n < 20; n += 1) await Promise.all(bump(n));
    await set(a, 'session/s-1', 'y', 1);
    await a.close();
    await b.close();
    for (const file of segments(dir)) fs.appendFileSync(file, '\n{"id":"torn\n{"half');
    const { report } = verify(dir);
    expect(report.sound).toBe(true);
    expect(report.documents.older).toBe(1);
    expect(report.findings).toMatchObject([{ level: 'note', code: 'torn-lines' }]);
  });

  test('who serves, and what died: told, not touched', async () => {
    await makeStore(dir);
    fs.mkdirSync(join(dir, 'alive'), { mode: 0o700, recursive: true });
    fs.writeFileSync(join(dir, `alive/s-1~${process.pid}`), '', { mode: 0o600 });
    fs.writeFileSync(join(dir, 'alive/s-2~4194300'), '', { mode: 0o600 });
    fs.writeFileSync(join(dir, 'log/turnstile'), '4194300 1\n', { mode: 0o600 });
    const left = join(dir, 'sessions/s-1.json.4194300-7.abc.tmp');
    fs.writeFileSync(left, '', { mode: 0o600 });
    fs.utimesSync(left, 0, Date.now() / 1000 - 61);
    fs.writeFileSync(join(dir, 'sessions/s-1.json.4194300-7.new.tmp'), '', { mode: 0o600 });
    fs.chmodSync(join(dir, 'sessions'), 0o755);
    fs.writeFileSync(join(dir, 'log/notes.txt'), '', { mode: 0o600 });
    const { report } = verify(dir);
    expect(report.sound).toBe(true);
    expect(report.serving).toEqual([{ session: 's-1', pid: process.pid }]);
    expect(report.findings.map(({ code }) => code).sort()).toEqual([
      'foreign-file',
      'leftover',
      'permissions',
      'turnstile-left',
    ]);
  });
});

describe('a damaged log', () => {
  test('a flipped byte: file, offset, what is behind it, and the documents before it are still rebuilt', async () => {
    await makeStore(dir);
    const [file = ''] = segments(dir);
    const lines = fs.readFileSync(file, 'latin1');
    const at = lines.indexOf('session/s-2');
    alter(file, (text) => `${text.slice(0, at)}T${text.slice(at + 1)}`);
    const { report } = verify(dir);
    expect(report.sound).toBe(false);
    const damage = report.findings.find(({ code }) => code === 'log-damaged');
    expect(damage).toMatchObject({ level: 'damage', where: 'log/000000000001.jsonl', what: 'the sum differs' });
    expect(lines.slice(damage?.offset ?? 0)).toMatch(/^\{"id"/);
    expect(report.findings.find(({ code }) => code === 'behind-damage')?.what).toContain('3 whole lines, 1 altered');
    expect(report.documents).toMatchObject({ rebuilt: 3, current: 3 });
    expect(verdict(report)).toMatch(/^not sound: log\/0+1\.jsonl the sum differs/);
    expect(await rebuildCaches(options())).toMatchObject({ ok: false, failure: { code: 'store-damaged' } });
  });

  test('a removed line', async () => {
    await makeStore(dir);
    const [file = ''] = segments(dir);
    alter(file, (text) =>
      text
        .split('\n')
        .filter((line) => !line.includes('session/s-2'))
        .join('\n'),
    );
    const { report } = verify(dir);
    expect(report.findings[0]).toMatchObject({
      code: 'log-damaged',
      what: expect.stringContaining('later writer knew'),
    });
  });

  test('a cut end: the checkpoint knows better, and rebuilding the caches does not wipe that out', async () => {
    await makeStore(dir);
    const [file = ''] = segments(dir);
    alter(file, (text) => text.slice(0, text.lastIndexOf('{"id"')));
    expect(faults(dir)).toEqual(expect.arrayContaining(['checkpoint-ahead', 'document-orphan']));
    expect((await rebuildCaches(options())).ok).toBe(false);
  });

  test('a lost seal, a lost segment, a lost first segment', async () => {
    await makeStore(dir, 1);
    const [first = '', second = ''] = segments(dir);
    const [kept, keptSecond] = [fs.readFileSync(first), fs.readFileSync(second)];
    alter(first, (text) => `${text.slice(0, text.lastIndexOf('{"id"'))}`);
    expect(verify(dir).report.findings[0]?.what).toContain('no seal leads to this segment');
    fs.writeFileSync(first, kept);
    fs.rmSync(second);
    expect(verify(dir).report.findings[0]).toMatchObject({ level: 'damage' });
    fs.writeFileSync(second, keptSecond);
    fs.writeFileSync(second, keptSecond, { mode: 0o600 });
    expect(faults(dir)).toEqual([]);
    fs.rmSync(first);
    expect(verify(dir).report.findings[0]).toMatchObject({ what: 'the first segment is missing' });
  });

  test('bytes that no line needs, changed in a sealed segment, and a compressed one that cannot be read', async () => {
    await makeStore(dir);
    const [first = ''] = segments(dir);
    fs.appendFileSync(first, '\ngarbage\n');
    const documents = openDocuments(dir, 1);
    await set(documents, 'session/s-1', 'y', 1);
    await maintain(documents);
    await documents.close();
    expect(verify(dir).report).toMatchObject({ sound: true, log: { segments: 2, torn: 1 } });
    alter(first, (text) => text.replace('garbage', 'garbagf'));
    expect(verify(dir).report.findings[0]).toMatchObject({
      code: 'log-damaged',
      what: 'its bytes are not those that its seal was made for',
    });
    fs.rmSync(first);
    fs.writeFileSync(`${first}.gz`, 'no gzip', { mode: 0o600 });
    expect(verify(dir).report.findings[0]?.what).toContain('cannot be decompressed');
  });

  test('a newer format is no damage, but not judged', async () => {
    const documents = openDocuments(dir);
    await documents.change(
      (tx) => {
        tx.patch('store', { type: 'store.raised', data: { format: STORE_FORMAT + 1 } }, [
          { op: 'replace', path: '/format', value: STORE_FORMAT + 1 },
        ]);
        return { ok: true, value: null };
      },
      { by: { user: 'tester', tool: 'test' } },
    );
    await documents.close();
    expect(faults(dir)).toEqual(['store-newer']);
  });
});

describe('caches and blobs', () => {
  test('a document edited by hand is named with what differs; adopted, it is a commit', async () => {
    await makeStore(dir);
    const file = join(dir, 'sessions/s-3.json');
    alter(file, (text) => text.replace('"x": 3', '"x": 33,\n    "mine": true'));
    const { report } = verify(dir);
    expect(report.findings).toMatchObject([
      { level: 'trouble', code: 'document-edited', where: 'sessions/s-3.json', differs: ['= /x 33', '+ /mine true'] },
    ]);
    expect(await adopt('sessions/s-3.json')).toMatchObject({
      ok: true,
      value: { stream: 'session/s-3', operations: 2 },
    });
    expect(faults(dir)).toEqual([]);
    const { rebuilder } = verify(dir);
    expect(rebuilder.documents.get('session/s-3')?.doc).toMatchObject({ x: 33, mine: true });
    expect(JSON.parse(fs.readFileSync(file, 'utf8')).document).toMatchObject({ x: 33 });
    expect(fs.statSync(file).mode & 0o777).toBe(0o400);
  });

  test('an edit of an older version is adopted beside later commits, and refused against them', async () => {
    await makeStore(dir);
    const file = join(dir, 'sessions/s-3.json');
    const documents = openDocuments(dir);
    await set(documents, 'session/s-3', 'later', 1);
    alter(file, (text) => text.replace('"x": 3', '"x": 33'));
    // A server that writes its documents sets the edit aside.
    await maintain(documents);
    await documents.close();
    const aside = fs.readdirSync(join(dir, 'sessions')).find((name) => name.includes('.edited-')) ?? '';
    expect(verify(dir).report.findings).toMatchObject([
      { level: 'note', code: 'document-aside', where: `sessions/${aside}` },
    ]);
    expect(await adopt(join(dir, 'sessions', aside))).toMatchObject({ ok: true, value: { operations: 1 } });
    expect(verify(dir).rebuilder.documents.get('session/s-3')?.doc).toMatchObject({ x: 33, later: 1 });

    const again = openDocuments(dir);
    await set(again, 'session/s-2', 'x', 'moved');
    await again.close();
    alter(join(dir, 'sessions/s-2.json'), (text) => text.replace('"x": 2', '"x": 22'));
    expect(await adopt('sessions/s-2.json')).toMatchObject({
      ok: false,
      failure: { code: 'invalid-input', issues: [{ at: '/x' }] },
    });
  });

  test('what cannot be adopted', async () => {
    await makeStore(dir);
    const refuse = async (name: string, why: string) =>
      expect(await adopt(name)).toMatchObject({
        ok: false,
        failure: { issues: [{ why: expect.stringContaining(why) }] },
      });
    await refuse('sessions/none.json', 'no such file');
    await refuse('checkpoint.json', 'no document of the store');
    await refuse('shared/store.json', 'not for editing');
    alter(join(dir, 'sessions/s-1.json'), (text) => text.replace('session/s-1', 'session/s-2'));
    await refuse('sessions/s-1.json', 'must stay session/s-1');
    alter(join(dir, 'sessions/s-2.json'), () => 'no json');
    await refuse('sessions/s-2.json', 'no "document"');
    alter(join(dir, 'sessions/s-3.json'), (text) => text.replace('"x": 3', '"__proto__": {"a": 1}'));
    expect(await adopt('sessions/s-3.json')).toMatchObject({ ok: false, failure: { code: 'value-refused' } });
    const fresh = await adopt('sessions/s-4.json');
    expect(fresh).toMatchObject({ ok: true, value: { operations: 0 } });
  });

  test('documents that say something else than the log: wrong, orphaned, unreadable; rebuilt from the log', async () => {
    await makeStore(dir);
    const at = (name: string) => join(dir, 'sessions', name);
    const sound = verify(dir).report;
    alter(at('s-1.json'), () => 'no json');
    fs.copyFileSync(at('s-2.json'), at('nobody.json'));
    fs.rmSync(at('s-0.json'));
    fs.symlinkSync(at('s-2.json'), at('s-0.json'));
    expect(faults(dir).sort()).toEqual(['document-edited', 'document-edited', 'document-orphan']);
    expect(await rebuildCaches(options())).toEqual({ ok: true, value: 7 });
    expect(faults(dir)).toEqual(['document-orphan']);
    fs.rmSync(at('nobody.json'));
    const { report } = verify(dir);
    expect(report.sound).toBe(true);
    expect(report.documents.current).toBe(sound.documents.current);
    expect(report.findings.map(({ code }) => code)).toEqual(['document-aside', 'document-aside']);
  });

  test('a link in place of the log is told as that, not as a disk in trouble', async () => {
    await makeStore(dir);
    const [segment = ''] = segments(dir);
    fs.renameSync(segment, join(place.parent, 'elsewhere.jsonl'));
    fs.symlinkSync(join(place.parent, 'elsewhere.jsonl'), segment);
    expect(faults(dir)).toEqual(['symbolic-link']);
  });

  test('a checkpoint that is wrong, unreadable or gone', async () => {
    await makeStore(dir);
    const file = join(dir, 'checkpoint.json');
    const { sumOf } = await import('../../src/store/commit.ts');
    const sound = fs.readFileSync(file, 'latin1');
    const body = sound.slice(0, -27).replace(/"session\/s-1":\[2/, '"session/s-1":[9');
    fs.writeFileSync(file, `${body}, "sum":"${sumOf(body)}"}`);
    expect(faults(dir)).toEqual(['checkpoint-wrong']);
    expect((await rebuildCaches(options())).ok).toBe(true);
    expect(verify(dir).report.checkpoint).toMatchObject({ state: 'fits' });
    fs.writeFileSync(file, 'x');
    expect(verify(dir).report).toMatchObject({ sound: true, checkpoint: { state: 'unreadable' } });
    fs.rmSync(file);
    expect(verify(dir).report).toMatchObject({ sound: true, checkpoint: { state: 'absent' } });
  });

  test('a blob that is missing or altered', async () => {
    const { blob } = await makeStore(dir);
    alter(join(dir, 'blobs', blob), (text) => `y${text.slice(1)}`);
    expect(verify(dir).report.findings).toMatchObject([{ level: 'damage', code: 'blob-lost', where: `blobs/${blob}` }]);
    fs.rmSync(join(dir, 'blobs', blob));
    expect(verify(dir).report.findings[0]?.what).toContain('is not there; request/');
  });
});

describe('a poisoned store', () => {
  test('is not sound until the marker is cleared, which needs a sound log', async () => {
    await makeStore(dir);
    fs.writeFileSync(join(dir, 'log/poison'), '', { mode: 0o600 });
    expect(faults(dir)).toEqual(['poisoned']);
    const edited = join(dir, 'sessions/s-4.json');
    const unedited = fs.readFileSync(edited, 'latin1');
    alter(edited, (text) => text.replace('"x": 4', '"x": 44'));
    expect(await adopt('sessions/s-4.json')).toMatchObject({ ok: false, failure: { code: 'read-only' } });
    alter(edited, () => unedited);
    const [file = ''] = segments(dir);
    const sound = fs.readFileSync(file);
    alter(file, (text) => text.replace('session/s-2', 'session/s-9'));
    expect(clearPoison(options())).toMatchObject({ ok: false, failure: { code: 'store-damaged' } });
    fs.writeFileSync(file, sound);
    expect(clearPoison(options())).toEqual({ ok: true, value: true });
    expect(faults(dir)).toEqual([]);
    expect(clearPoison(options())).toEqual({ ok: true, value: false });
  });
});
