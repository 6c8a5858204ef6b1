// Redaction makes a new store without the given values and texts, otherwise equal to the old one, or refuses as a
// whole.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { Rebuilder } from '../../src/admin/file/rebuilt.ts';
import { EVERY, type RedactPath } from '../../src/admin/redact/paths.ts';
import { redactStore } from '../../src/admin/redact/redact.ts';
import { ok } from '../../src/failure/failure.ts';
import type { Json } from '../../src/json/json.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { LogReader } from '../../src/store/file/past/log-reader.ts';
import { fileBackend } from '../../src/store/open.ts';
import { Server } from '../e2e/rig.ts';
import { faults, maintain, makeStore, newPlace, openDocuments, type Place, set } from './made-store.ts';

const SECRET = 'sk-"quoted"\\ü-42';
let place: Place;
let dir: string;
let target: string;

beforeEach(() => {
  place = newPlace();
  dir = place.dir;
  target = path.join(place.parent, 'clean');
});
afterEach(() => place.remove());

interface Wish {
  stream?: string;
  paths?: RedactPath[];
  texts?: string[];
  dry?: boolean;
}

function redact({ stream, paths = [], texts = [], dry = false }: Wish) {
  const wanted = { stream, paths, texts };
  return redactStore({ dir, target, wanted, user: 'ann', durability: 'fsync', forceNetworkFs: false, dry });
}

function pathOf(...steps: (string | typeof EVERY)[]): RedactPath {
  return { text: steps.map(String).join('.'), steps };
}

function rebuilt(of: string): Rebuilder {
  const reader = new LogReader(realDisk, `${of}/log`);
  const rebuilder = new Rebuilder();
  for (const taken of reader.read()) if (taken.kind === 'commit') rebuilder.apply(taken.folded);
  expect(reader.fault()).toBeUndefined();
  expect([...rebuilder.misfits.values()]).toEqual([]);
  return rebuilder;
}

function documentsOf(of: string): Record<string, { doc: Json | undefined; version: number }> {
  const entries = [...rebuilt(of).documents].filter(([stream]) => stream !== 'store');
  return Object.fromEntries(entries.map(([stream, { doc, version }]) => [stream, { doc, version }]));
}

function docOf(of: string, stream: string): Json | undefined {
  return documentsOf(of)[stream]?.doc;
}

/** Files that hold one of the texts, compressed ones looked into. */
function holding(of: string, ...texts: string[]): string[] {
  return fs
    .readdirSync(of, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(of, name)).isFile())
    .filter((name) => {
      const bytes = fs.readFileSync(path.join(of, name));
      const both = name.endsWith('.gz') ? [bytes, gunzipSync(bytes)] : [bytes];
      return both.some((one) => texts.some((text) => one.includes(text)));
    });
}

function bytesOf(of: string): Record<string, string> {
  const names = fs.readdirSync(of, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => fs.statSync(path.join(of, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, fs.readFileSync(path.join(of, name), 'base64')]));
}

/** All that a server makes of a store when it is idle: documents, seals, indexes, compressed segments. */
async function liveOn(of: string): Promise<void> {
  const documents = openDocuments(of, 1);
  for (let n = 0; n < 4; n += 1) {
    await set(documents, 'task/later', `k${n}`, n);
    await maintain(documents);
  }
  await documents.close();
}

describe('a text', () => {
  test('given a secret in values, keys, nested JSON and blobs, then no file of the new store has it, in any form', async () => {
    await makeStore(dir, 3);
    const documents = openDocuments(dir);
    const escaped = JSON.stringify(SECRET).slice(1, -1);
    await set(documents, 'session/s-1', 'log', `before ${SECRET} after ${JSON.stringify({ token: SECRET })}`);
    await set(documents, 'session/s-1', 'keys', { [`of ${SECRET}`]: { deep: ['x', SECRET, 1, null] } });
    await documents.change(
      (tx) => {
        const op = { op: 'add' as const, path: `/keys/of ${SECRET}/more`, value: SECRET };
        tx.patch('session/s-1', { type: 'test.set', data: { note: SECRET } }, [op]);
        return ok(null);
      },
      { by: { user: 'tester', agent: `bot ${SECRET}`, tool: 'test' } },
    );
    const json = documents.blobs.put(Buffer.from(JSON.stringify({ text: `a ${SECRET}` })));
    const binary = documents.blobs.put(Buffer.concat([Buffer.from([0, 255, 1]), Buffer.from(SECRET)]));
    const clean = documents.blobs.put(Buffer.from('"nothing in it"'));
    const outer = documents.blobs.put(Buffer.from(JSON.stringify({ names: json })));
    for (const [key, name] of Object.entries({ json, binary, clean, outer }))
      await set(documents, 'task/b', `${key}_blob`, name);
    await set(documents, 'task/b', 'said', `it is in ${json}`);
    await documents.close();
    await liveOn(dir);
    expect(holding(dir, SECRET, escaped).length).toBeGreaterThan(2);
    const [before, versions] = [bytesOf(dir), documentsOf(dir)];

    const done = await redact({ texts: [SECRET] });

    expect(done).toMatchObject({ ok: true, value: { blobs: 3, made: { missing: [] } } });
    expect(bytesOf(dir)).toEqual(before);
    expect(faults(target)).toEqual([]);
    expect(docOf(target, 'session/s-1')).toMatchObject({
      log: 'before [redacted] after {"token":"[redacted]"}',
      keys: { 'of [redacted]': { deep: ['x', '[redacted]', 1, null], more: '[redacted]' } },
    });
    const names = docOf(target, 'task/b') as Record<string, string>;
    const blob = (name = '') => fs.readFileSync(path.join(target, 'blobs', name));
    expect(names).toMatchObject({ clean_blob: clean, said: `it is in ${names.json_blob}` });
    expect(JSON.parse(blob(names.json_blob).toString())).toEqual({ text: 'a [redacted]' });
    expect(JSON.parse(blob(names.outer_blob).toString())).toEqual({ names: names.json_blob });
    expect(blob(names.binary_blob)).toEqual(Buffer.concat([Buffer.from([0, 255, 1]), Buffer.from('[redacted]')]));
    for (const [stream, { version }] of Object.entries(documentsOf(target)))
      expect(version, stream).toBe(versions[stream]?.version);
    await liveOn(target);
    expect(fs.readdirSync(`${target}/log`).join(' ')).toMatch(/\.gz.*\.index|\.index.*\.gz/);
    expect(holding(target, SECRET, escaped)).toEqual([]);
    expect(faults(target)).toEqual([]);
  });

  test('the first commit after the birth says so, and a second redaction keeps what the first said', async () => {
    await makeStore(dir);
    const documents = openDocuments(dir);
    await set(documents, 'task/t', 'a', 'first-secret');
    await set(documents, 'task/t', 'b', 'other-secret');
    await documents.close();
    const old = rebuilt(dir).documents.get('store')?.doc as Record<string, Json>;
    expect(await redact({ texts: ['first-secret'] })).toMatchObject({ ok: true });
    const backend = fileBackend({ dir: target, durability: 'fsync', forceNetworkFs: false });
    const store = backend.openStore(() => undefined);
    const [, said] = await store.readAll(0, 2);
    await store.close();
    expect(said).toMatchObject({
      seq: 2,
      commit: {
        by: { user: 'ann', tool: 'redact' },
        events: [{ stream: 'store', type: 'store.redacted', data: { store: old.id, texts: 1, commits: 1 } }],
      },
    });
    expect(docOf(target, 'task/t')).toMatchObject({ a: '[redacted]', b: 'other-secret' });
    const middle = rebuilt(target).documents.get('store')?.doc as Record<string, Json>;
    expect(middle.id).not.toBe(old.id);
    dir = target;
    target = path.join(place.parent, 'cleaner');
    expect(await redact({ texts: ['other-secret'] })).toMatchObject({ ok: true, value: { from: { id: middle.id } } });
    expect(docOf(target, 'task/t')).toMatchObject({ a: '[redacted]', b: '[redacted]' });
    expect(rebuilt(target).documents.get('store')?.doc).toMatchObject({
      redacted: [{ store: old.id, by: 'ann' }, { store: middle.id }],
    });
  });

  test('a kept answer goes with it: its request is refused, not carried out twice', async () => {
    const documents = openDocuments(dir);
    const command = { by: { user: 'u', tool: 't' }, request: { id: 'r-1', arguments: { value: 'the-secret' } } };
    const create = () =>
      openDocumentsIn(dir).change<string>((tx) => {
        tx.create('task/r', { type: 'test.made' }, { schema: 1, value: 'the-secret' });
        return ok('the-secret'.repeat(1_000));
      }, command);
    await documents.close();
    expect(await create()).toMatchObject({ ok: true });
    expect(await redact({ texts: ['the-secret'] })).toMatchObject({ ok: true, value: { answers: 1 } });
    expect(faults(target)).toEqual([]);
    dir = target;
    expect(await create()).toMatchObject({ ok: false, failure: { code: 'request-reused' } });
    for (const one of opened.splice(0)) await one.close();
  });

  test('any store, any text: the documents are the old ones with the text replaced', async () => {
    const secret = 'Q7#"k';
    const piece = fc.constantFrom(secret, 'a', '"', '\\', ' ', 'ü', '\u2028', 'Q7#', '\n');
    const string = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.oneof(string, fc.constantFrom(0, true, null)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          string.map((key) => `K${key}`),
          tie('value'),
          { maxKeys: 3, noNullPrototype: true },
        ),
      ),
    }));
    const change = fc.record({
      stream: fc.constantFrom('session/a', 'session/b', 'task/c'),
      key: fc.constantFrom('one', 'two', `K${secret}`),
      value,
      blob: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const here = newPlace();
        dir = here.dir;
        target = path.join(here.parent, 'clean');
        const documents = openDocuments(dir, 2_000);
        for (const { stream, key, value: what, blob } of changes) {
          if (blob) await set(documents, 'task/c', 'x_blob', documents.blobs.put(Buffer.from(JSON.stringify(what))));
          await set(documents, stream, key.replaceAll('/', ''), what);
        }
        await maintain(documents);
        await set(documents, 'task/c', 'sure', secret);
        await documents.close();
        expect(await redact({ texts: [secret] })).toMatchObject({ ok: true });
        const old = documentsOf(dir);
        const found = documentsOf(target);
        for (const all of [old, found])
          for (const { doc } of Object.values(all)) delete (doc as { x_blob?: Json }).x_blob;
        expect(found).toEqual(replaced(old, secret));
        expect(faults(target)).toEqual([]);
        await liveOn(target);
        expect(holding(target, secret, JSON.stringify(secret).slice(1, -1))).toEqual([]);
        here.remove();
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

const opened: ReturnType<typeof openDocuments>[] = [];
function openDocumentsIn(of: string): ReturnType<typeof openDocuments> {
  const documents = openDocuments(of);
  opened.push(documents);
  return documents;
}

/** As a plain reader would do it. */
function replaced<T>(value: T, text: string): T {
  const inner = JSON.stringify(text).slice(1, -1);
  const one = (part: string): string => part.replaceAll(inner, '[redacted]').replaceAll(text, '[redacted]');
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') return one(part);
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [one(key), walk(item)]));
  };
  return walk(value) as T;
}

describe('a path', () => {
  test('given values at, below and above it, then leaves go and shapes stay, so that later operations fit', async () => {
    const documents = openDocuments(dir);
    await set(documents, 'session/a', 'x', { secret: { in: ['one', { two: 2 }], no: null }, open: 'yes' });
    const later = [
      { op: 'add' as const, path: '/x/secret/in/0', value: 'zero' },
      { op: 'replace' as const, path: '/x/secret/in/2/two', value: 3 },
      { op: 'remove' as const, path: '/x/secret/in/1' },
      { op: 'add' as const, path: '/x/secret/more', value: { deep: true } },
    ];
    await documents.change(
      (tx) => {
        tx.patch('session/a', { type: 'test.set', data: { copy: 'zero', other: 'open' } }, later);
        return ok(null);
      },
      { by: { user: 'u', tool: 't' } },
    );
    await set(documents, 'session/b', 'x', { secret: 'kept' });
    await documents.close();
    const done = await redact({ stream: 'session/a', paths: [pathOf('x', 'secret'), pathOf('y')] });
    expect(done).toMatchObject({ ok: true, value: { paths: { 'x.secret': 5, y: 0 }, texts: 0 } });
    expect(docOf(target, 'session/a')).toEqual({
      schema: 1,
      x: { secret: { in: ['[redacted]', { two: '[redacted]' }], no: null, more: { deep: '[redacted]' } }, open: 'yes' },
    });
    expect(docOf(target, 'session/b')).toMatchObject({ x: { secret: 'kept' } });
    expect(holding(target, 'zero')).toEqual([]);
    expect(faults(target)).toEqual([]);
  });

  test('of a kind of documents, with every child', async () => {
    const documents = openDocuments(dir);
    for (const stream of ['session/a', 'session/b', 'task/a'])
      await set(documents, stream, 'users', [
        { name: 'n', key: 'k1' },
        { name: 'm', key: 'k2' },
      ]);
    await documents.close();
    const done = await redact({ stream: 'session/', paths: [pathOf('users', EVERY, 'key')] });
    expect(done).toMatchObject({ ok: true, value: { paths: { 'users.Symbol(every).key': 4 } } });
    const gone = [
      { name: 'n', key: '[redacted]' },
      { name: 'm', key: '[redacted]' },
    ];
    expect(docOf(target, 'session/b')).toMatchObject({ users: gone });
    expect(docOf(target, 'task/a')).toMatchObject({ users: [{ key: 'k1' }, { key: 'k2' }] });
  });
});

describe('what is refused leaves nothing behind', () => {
  const left = () => fs.readdirSync(place.parent).sort();

  test.each([
    ['a number', { count: 123_456 }, '123456', 'stands in a number (task/t)'],
    ['a key that may be ours', { description: 'x' }, 'descr', 'is part of the key description (task/t)'],
    ['the name of a document', { a: 1 }, 'task/t', 'it is part of the name of a document (task/t)'],
    [
      'two keys that would become one',
      { 'A secret': 1, 'A [redacted]': 2 },
      'secret',
      'two keys that would become one',
    ],
    ['nothing', { a: 'b' }, 'absent', 'nothing in the store matches'],
  ])('a text in %s', async (_, value, text, why) => {
    const documents = openDocuments(dir);
    await set(documents, 'task/t', 'k', value);
    await documents.close();
    const before = bytesOf(dir);
    const done = await redact({ texts: [text] }).catch((error: { failure: unknown }) => ({
      ok: false,
      failure: error.failure,
    }));
    expect(JSON.stringify(done)).toContain(why);
    expect(left()).toEqual(['state']);
    expect(bytesOf(dir)).toEqual(before);
  });

  test('a text that a file still has when all is written', async () => {
    const documents = openDocuments(dir);
    await set(documents, 'task/t', 'k', 'expect"');
    await documents.close();
    const done = await redact({ texts: ['"expect"'] }).catch(() => undefined);
    expect(JSON.stringify(done)).toContain('nothing in the store matches');
    expect(JSON.stringify(await redact({ texts: ['expect'] }))).toContain('the text still stands in log/');
    expect(left()).toEqual(['state']);
  });

  test('a store that somebody writes to meanwhile', async () => {
    const documents = openDocuments(dir);
    await set(documents, 'task/t', 'k', 'a secret');
    const done = redact({ texts: ['a secret'] });
    await set(documents, 'task/t', 'k', 'more');
    expect(JSON.stringify(await done)).toContain('1 line of others came into it meanwhile');
    expect(left()).toEqual(['state']);
    await documents.close();
  });

  test('a directory with something in it, and one inside the store', async () => {
    await makeStore(dir);
    fs.mkdirSync(target);
    expect(await redact({ texts: ['rrrr'], dry: true })).toMatchObject({ failure: { issues: [{ at: '--text' }] } });
    fs.writeFileSync(path.join(target, 'x'), '');
    expect(JSON.stringify(await redact({ texts: ['xxxx'] }))).toContain('something is there');
    target = path.join(dir, 'inside');
    expect(JSON.stringify(await redact({ texts: ['xxxx'] }))).toContain('inside the old one');
  });
});

describe('baton redact', () => {
  const given = (input: string, ...args: string[]): SpawnSyncReturns<string> => {
    const env = { PATH: process.env.PATH ?? '', HOME: place.parent, BATON_STATE_DIR: dir };
    return spawnSync(process.execPath, [inject('program'), ...args], {
      env,
      cwd: place.parent,
      encoding: 'utf8',
      input,
    });
  };
  const baton = (...args: string[]): SpawnSyncReturns<string> => given('', ...args);

  test('takes texts from a file and from standard input, so that no command line has them', async () => {
    const documents = openDocuments(dir);
    await set(documents, 'task/t', 'one', 'of hunter-2-secret and\ntwo lines');
    await set(documents, 'task/t', 'two', 'of another-secret here');
    await documents.close();
    const file = path.join(place.parent, 'secret');
    fs.writeFileSync(file, 'hunter-2-secret and\ntwo lines\n');
    const args = ['redact', 'new', '--text-file', 'secret', '--text-file', '-'];
    const ran = given('another-secret\r\n', ...args);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain('texts: 2 occurrences');
    const made = path.join(place.parent, 'new');
    expect(docOf(made, 'task/t')).toMatchObject({ one: 'of [redacted]', two: 'of [redacted] here' });
    expect(ran.stdout).not.toMatch(/hunter|another/);
  });

  test.each([
    ['a file that is not there', ['--text-file', 'none'], '', 'names no file'],
    ['a directory', ['--text-file', '.'], '', 'cannot be read'],
    ['nothing on standard input', ['--text-file', '-'], '\n', 'fewer than 4'],
    ['standard input twice', ['--text-file', '-', '--text-file', '-'], 'abcdef', 'once'],
    ['too much', ['--text-file', '-'], 'x'.repeat(100_000), 'more than 64 KiB'],
    ['a file without an end', ['--text-file', '/dev/zero'], '', 'more than 64 KiB'],
  ])('refuses %s', async (_, args, input, why) => {
    await makeStore(dir);
    const ran = given(input, 'redact', 'new', ...args);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain(why);
    expect(fs.readdirSync(place.parent)).toEqual(['state']);
  });

  test('counts while a server runs, waits until it is gone, and writes a store that goes on', async () => {
    const env = { BATON_STATE_DIR: dir, CLAUDE_CODE_SESSION_ID: 'one', BATON_TOOLSETS: 'all' };
    const server = await Server.start({ dir: place.parent, env });
    await server.call('session_start', { name: 'one' });
    await server.call('state_set', { path: '$.token', value: { key: 'hunter-2-secret' }, request_id: 'r' });
    await server.call('state_set', { path: '$.token.key', value: 'another' });
    await server.call('task_save', { title: 'use hunter-2-secret' });
    const dry = baton('redact', 'new', '--text', 'hunter-2-secret', '--dry-run', '--json');
    expect(dry).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(dry.stdout)).toMatchObject({ dry_run: true });
    const busy = baton('redact', 'new', '--text', 'hunter-2-secret');
    expect(busy.status).toBe(3);
    expect(busy.stderr).toMatch(/process \d+ serves ses-/);
    await server.close();

    const ran = baton('redact', 'new', '--text', 'hunter-2-secret', '--stream', 'session/', '--path', '$.token.key');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^new store .*\nof: .*\n\$\.token\.key: 2 values\n/);
    expect(ran.stdout).toContain('it still holds what was removed, as do its backups');
    expect(ran.stdout).not.toContain('hunter');
    const made = path.join(place.parent, 'new');
    expect(holding(made, 'hunter-2-secret', '"another"')).toEqual([]);
    dir = made;
    expect(baton('doctor')).toMatchObject({ status: 0 });
    expect(baton('log', '--at', '2').stdout).toContain('store.redacted');
    dir = path.join(place.parent, 'copy');
    for (const more of [['--dry-run'], []]) expect(baton('import', made, '--from', 'baton', ...more).stderr).toBe('');
    expect(documentsOf(dir)).toEqual(documentsOf(made));
    const next = await Server.start({ dir: place.parent, env: { ...env, BATON_STATE_DIR: made } });
    expect(await next.call('state_get', { path: '$.token' })).toMatchObject({ value: { key: '[redacted]' } });
    expect(await next.call('task_save', { title: 'next' })).toMatchObject({ id: 'TSK-2' });
    await next.close();
  });

  test.each([
    ['nothing to remove', [], 'say what is to be removed'],
    ['a short text', ['--text', 'abc'], 'fewer than 4'],
    ['a path outside the grammar', ['--stream', 'session/', '--path', '$.a.b()'], 'path-refused'],
    ['an element of an array', ['--stream', 'session/', '--path', '$.a[0]'], 'elements of arrays move'],
    ['a filter', ['--stream', 'session/', '--path', '$.a[?(@.x == 1)]'], 'names and * only'],
    ['the whole document', ['--stream', 'task/', '--path', '$.*'], 'name a key of the document first'],
    ['the whole session', ['--stream', 'session/', '--path', '$.session'], 'name what of the session'],
    ['a path of nothing', ['--path', '$.a'], '--stream'],
    ['a part of a name', ['--stream', 'session/a/b/c', '--path', '$.a'], '--stream'],
    ['a text of one document', ['--stream', 'session/', '--text', 'abcd'], 'whole store'],
    ['nothing that matches', ['--text', 'absent'], 'nothing in the store matches'],
  ])('refuses %s', async (_, args, why) => {
    await makeStore(dir);
    const ran = baton('redact', 'new', ...args);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain(why);
    expect(fs.readdirSync(place.parent)).toEqual(['state']);
  });
});
