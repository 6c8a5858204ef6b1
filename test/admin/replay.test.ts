// Export and import: a store brought into a new one, of this backend or another, has the same documents; an export that
// is incomplete or out of order is refused before anything is written.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { v7 } from 'uuid';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { linesOf } from '../../src/admin/export/exported.ts';
import { replay } from '../../src/admin/export/replay.ts';
import { Rebuilder } from '../../src/admin/file/rebuilt.ts';
import { encodeCommit, encodeSeal, type Seen, type StreamEvent } from '../../src/store/commit.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { LogReader } from '../../src/store/file/past/log-reader.ts';
import { Fold } from '../../src/store/fold.ts';
import { MemoryBlobs, MemoryLog, MemoryStore } from '../../src/store/memory.ts';
import { fileBackend } from '../../src/store/open.ts';
import { freshDir, Server } from '../e2e/rig.ts';
import { BY } from '../store/commits.ts';
import { makeStore, newPlace, openDocuments, set } from './made-store.ts';

/** A store with a life behind it, and what the program made of it. */
let origin = '';
let exported = '';

function baton(state: string, ...args: string[]) {
  const env = { PATH: process.env.PATH ?? '', HOME: origin, BATON_STATE_DIR: state };
  return spawnSync(process.execPath, [inject('program'), ...args], { env, cwd: origin, encoding: 'utf8' });
}

const dirOf = (name: string): string => path.join(origin, name);

/** Documents as an export of them says, without what is of one log only. */
function documentsOf(state: string): Record<string, unknown> {
  const { stdout } = baton(state, 'export', '--documents');
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return Object.fromEntries(
    rows.flatMap(({ stream, version, document }) => (stream === 'store' ? [] : [[stream, { version, document }]])),
  );
}

beforeAll(async () => {
  origin = freshDir();
  const server = await Server.start({ dir: origin, env: { CLAUDE_CODE_SESSION_ID: 'one', BATON_TOOLSETS: 'all' } });
  await server.call('session_start', { name: 'one' });
  await server.call('plan_save', {
    sprint: { title: 'S', status: 'active' },
    tasks: [
      { key: 'a', title: 'A \u202e "{}"' },
      { key: 'b', title: 'B', needs: ['a'] },
    ],
  });
  await server.call('run_start', { sprint: 'SPR-1', request_id: 'r' });
  const { claim } = await server.call('run_claim', { agent: 'ann' });
  await server.call('run_report', { claim, status: 'done', output: { text: 'x'.repeat(200_000) } });
  await server.call('message_send', { to: 'all', text: 'hello' });
  await server.call('decision_open', { title: 'Ship?', options: ['a', 'b'] });
  await server.call('state_set', { path: '$.x', value: { deep: [1, null, 'ü'] } });
  await server.close();
  exported = dirOf('export.jsonl');
  fs.writeFileSync(exported, baton(dirOf('state'), 'export').stdout);
}, 60_000);

describe('an export into a new store', () => {
  test('has the same documents and versions, a sound log, and goes on where the other was', async () => {
    const state = dirOf('copy');
    const dry = baton(state, 'import', exported, '--from', 'baton', '--blobs', dirOf('state/blobs'), '--dry-run');
    expect(dry).toMatchObject({ status: 0, stderr: '' });
    expect(dry.stdout).toMatch(/^would import .*\ntaken: \d+ commits of \d+ documents, 0 blobs\n/);
    expect(fs.existsSync(state)).toBe(false);
    const ran = baton(state, 'import', exported, '--from', 'baton', '--blobs', dirOf('state/blobs'), '--json');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const report = JSON.parse(ran.stdout);
    expect(report).toMatchObject({ from: 'baton', already: 0, missing: [], forgotten: 0 });
    expect(report.blobs).toBeGreaterThan(1);
    expect(documentsOf(state)).toEqual(documentsOf(dirOf('state')));
    expect(baton(state, 'doctor')).toMatchObject({ status: 0 });
    // Who did what, and when, is as it was.
    const who = (dir: string) =>
      baton(dir, 'log', '--json', '--type', 'task.')
        .stdout.split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const { id, at, by } = JSON.parse(line);
          return [id, at, by];
        });
    expect(who(state)).toEqual(who(dirOf('state')));
    const server = await Server.start({ dir: origin, env: { BATON_STATE_DIR: state, CLAUDE_CODE_SESSION_ID: 'one' } });
    const claimed = await server.call('run_claim', { agent: 'bob' });
    expect(claimed).toMatchObject({ node: 'tsk-2' });
    expect(await server.call('task_save', { title: 'next' })).toMatchObject({ id: 'TSK-3' });
    await server.close();
    const again = baton(state, 'import', exported, '--from', 'baton', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ commits: 0, already: report.commits });
  });

  test('from the directory of a store or of a backup, with its blobs', () => {
    const backup = dirOf('backup');
    expect(baton(dirOf('state'), 'backup', backup).status).toBe(0);
    for (const [name, source] of [
      ['from-store', dirOf('state')],
      ['from-backup', backup],
    ] as const) {
      const ran = baton(dirOf(name), 'import', source, '--from', 'baton', '--json');
      expect(JSON.parse(ran.stdout)).toMatchObject({ missing: [] });
      expect(documentsOf(dirOf(name))).toEqual(documentsOf(dirOf('state')));
    }
  });

  test('blobs that are not beside it are named', () => {
    const ran = baton(dirOf('no-blobs'), 'import', exported, '--from', 'baton');
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(
      /blobs that are not beside it \(--blobs names their directory\): \d+\n {2}[0-9a-f]{64}\n/,
    );
  });
});

describe('what is refused, before anything is written', () => {
  const lines = () => fs.readFileSync(exported, 'utf8').split('\n').slice(0, -1);
  const refused = (name: string, text: string, state = dirOf(name)) => {
    const file = dirOf(`${name}.jsonl`);
    fs.writeFileSync(file, text);
    const ran = baton(state, 'import', file, '--from', 'baton');
    expect(ran.status).not.toBe(0);
    return ran.stderr;
  };

  test('a line that was changed, lost, moved or doubled, and a file that is none', () => {
    const all = lines();
    const at = 5;
    const changed = all.map((line, index) => (index === at ? line.replace('"at":"2', '"at":"3') : line));
    expect(refused('changed', changed.join('\n'))).toContain('line 6: its bytes do not fit its sum');
    const without = all.filter((_, index) => index !== at);
    expect(refused('lost', without.join('\n'))).toMatch(/line 6: a line before it is missing or was changed|expects/);
    expect(refused('doubled', [...all.slice(0, at), all[at - 1], ...all.slice(at)].join('\n'))).toMatch(
      /missing or was changed|expects/,
    );
    expect(refused('part', all.slice(2).join('\n'))).toContain('export it whole, without --from');
    expect(refused('other', '{"a":1}\n')).toContain('line 1');
    expect(refused('empty', '')).toContain('it is empty');
    for (const name of ['changed', 'lost', 'doubled', 'part', 'other', 'empty'])
      expect(baton(dirOf(name), 'log', '--json').stdout.split('\n').length, name).toBeLessThanOrEqual(2);
  });

  test('a store that has a life of its own', async () => {
    const state = dirOf('lived');
    const server = await Server.start({ dir: origin, env: { BATON_STATE_DIR: state } });
    await server.call('task_save', { title: 'mine' });
    await server.close();
    const before = baton(state, 'export').stdout;
    const ran = baton(state, 'import', exported, '--from', 'baton');
    expect(ran.stderr).toContain('this store has a life of its own');
    expect(baton(state, 'export').stdout).toBe(before);
  });
});

test('through seals, void lines and requests into memory and into files; interrupted, it goes on', async () => {
  const place = newPlace();
  await makeStore(place.dir, 3);
  // Two processes that race leave void lines behind.
  const racing = [openDocuments(place.dir, 1), openDocuments(place.dir, 1)];
  await Promise.all(racing.flatMap((documents) => [1, 2, 3, 4].map((n) => set(documents, 'task/t-0', `race${n}`, n))));
  for (const documents of racing) await documents.close();
  const file = path.join(place.parent, 'out.jsonl');
  const reader = () => new LogReader(realDisk, `${place.dir}/log`);
  fs.writeFileSync(file, [...reader().read()].map(({ line }) => `${line.toString('utf8')}\n`).join(''));
  const there = rebuilt(reader());

  const log = new MemoryLog();
  const memory = new MemoryStore(log, () => undefined);
  const blob = (sha256: string) => fs.readFileSync(path.join(place.dir, 'blobs', sha256));
  const whole = { lines: () => linesOf(file), blob };
  const part = { lines: () => [...linesOf(file)].slice(0, 12), blob };
  const first = await replay(part, { store: memory, blobs: new MemoryBlobs() }, true);
  expect(first).toMatchObject({ ok: true, value: { already: 0 } });
  const rest = await replay(whole, { store: memory, blobs: new MemoryBlobs() }, true);
  expect(rest).toMatchObject({ ok: true, value: { already: first.ok ? first.value.commits : -1 } });
  expect(versions(memory, there)).toEqual(versionsOf(there));

  const dir = path.join(place.parent, 'files');
  const backend = fileBackend({ dir, durability: 'fsync', forceNetworkFs: false, segmentBytes: 1 });
  const store = backend.openStore(() => undefined);
  expect(await replay(whole, { store, blobs: backend.blobs }, true)).toMatchObject({
    ok: true,
    value: { missing: [] },
  });
  await store.close();
  const here = rebuilt(new LogReader(realDisk, `${dir}/log`));
  for (const [stream, { doc, version }] of there.documents)
    if (stream !== 'store') expect(here.documents.get(stream), stream).toMatchObject({ doc, version });
  expect(here.documents.size).toBe(there.documents.size);
  place.remove();
});

test('a commit of nothing but a forgotten request is left out, and the import goes on behind it', async () => {
  const fold = new Fold();
  const lines: Buffer[] = [];
  const add = (line: string) => {
    lines.push(Buffer.from(line));
    expect(['valid', 'seal']).toContain(fold.offer(line, { segment: 1, offset: lines.length }).kind);
  };
  const commit = (stream: string, at: string, event: Partial<StreamEvent> = {}) => {
    const seen: Seen = [fold.seq, fold.chain];
    const events = [{ stream, type: 'test.made', patch: [{ op: 'add' as const, path: '', value: {} }], ...event }];
    add(encodeCommit({ id: v7(), at, by: BY, seen, expect: { [stream]: fold.expected(stream) }, events }).line);
  };
  commit('store', '2026-01-01T00:00:00.000Z', { type: 'store.created', data: { format: 1 } });
  commit('request/r-1', '2026-01-01T00:00:00.000Z');
  // The seal, ten days later, lets the request expire in the exported store.
  const seal = { bytes: lines.length + 1, sha256: '0'.repeat(64), previous: '' };
  add(encodeSeal({ id: v7(), at: '2026-01-11T00:00:00.000Z', by: BY, seen: [fold.seq, fold.chain], seal }).line);
  fold.nextSegment();
  commit('request/r-1', '2026-01-11T00:00:00.000Z');
  commit('task/tsk-1', '2026-01-11T00:00:01.000Z');

  const store = new MemoryStore(new MemoryLog(), () => undefined);
  const done = await replay({ lines: () => lines, blob: () => undefined }, { store, blobs: new MemoryBlobs() }, true);
  expect(done).toMatchObject({ ok: true, value: { commits: 2, already: 0, forgotten: 1, streams: 1 } });
  expect(store.expected('request/r-1')[0]).toBe(1);
  expect(store.expected('task/tsk-1')[0]).toBe(1);
});

function rebuilt(reader: LogReader): Rebuilder {
  const rebuilder = new Rebuilder();
  for (const taken of reader.read()) if (taken.kind === 'commit') rebuilder.apply(taken.folded);
  expect(reader.fault()).toBeUndefined();
  return rebuilder;
}

function versions(store: MemoryStore, { documents }: Rebuilder): Record<string, number> {
  return Object.fromEntries(
    [...documents.keys()].flatMap((stream) => (stream === 'store' ? [] : [[stream, store.expected(stream)[0]]])),
  );
}

function versionsOf({ documents }: Rebuilder): Record<string, number> {
  return Object.fromEntries(
    [...documents].flatMap(([stream, { version }]) => (stream === 'store' ? [] : [[stream, version]])),
  );
}
