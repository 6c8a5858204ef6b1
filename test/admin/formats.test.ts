// The store's format rises with the first commit that uses what older programs would misjudge: in its line, so that
// none of them reads the one without the other; in the checkpoint, so that none begins behind it; and in copies.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitsOf } from '../../src/admin/export/exported.ts';
import { backupStore } from '../../src/admin/file/backup.ts';
import { readManifest } from '../../src/admin/file/manifest.ts';
import type { Documents } from '../../src/documents/documents.ts';
import { saveGraph, startRun } from '../../src/domain/run/start.ts';
import type { AnyNode } from '../../src/graph/kinds/index.ts';
import { type Commit, parseLine } from '../../src/store/commit.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/store/file/caches/checkpoint.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { FEATURE_FORMATS, FIRST_FORMAT, STORE_FORMAT } from '../../src/store/formats.ts';
import { BY, okOf, work } from '../run-rig.ts';
import { maintain, newPlace, openDocuments, type Place, set, verify } from './made-store.ts';

let place: Place;
let open: Documents[] = [];
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  for (const documents of open) await documents.close();
  open = [];
  place.remove();
});

function opened(): Documents {
  const documents = openDocuments(place.dir);
  open.push(documents);
  return documents;
}

function commits(): Commit[] {
  const text = fs.readFileSync(join(place.dir, 'log/000000000001.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => parseLine(line) as Commit);
}

/** The types of events of each commit that raises the format. */
function raising(): string[][] {
  const types = commits().map(({ events }) => events.map(({ type }) => type));
  return types.filter((all) => all.includes('store.raised'));
}

async function start(documents: Documents, nodes: AnyNode[], prefix = 'run'): Promise<void> {
  const { hash } = documents.definitions.put({ name: 'test', nodes });
  const input = { graph: hash, project: 'prj', workspace: 'wsp', session: 'ses-one', inputs: {} };
  okOf(await documents.change((tx, ctx) => startRun(tx, { ...ctx, id: () => `${prefix}-1` }, input), { by: BY }));
}

const PLAIN = [work('a'), work('b', ['a'])];
const LATEST: [string, AnyNode[]][] = [
  ['trigger', [work('a'), work('b', ['a'], { trigger: 'all_done' })]],
  ['trigger and n', [work('a'), work('b', ['a'], { trigger: 'n_of', n: 1 })]],
  ['handles', [work('a'), work('b', ['a'], { trigger: 'any_failed', handles: true })]],
];

describe('a store', () => {
  test('keeps its first format as long as no commit uses more', async () => {
    const documents = opened();
    await start(documents, PLAIN);
    await start(documents, [work('a'), work('b', ['a'], { trigger: 'all_success' })], 'other');
    expect(raising()).toEqual([]);
    expect(commits().every(({ expect: of }, n) => n === 0 || !('store' in of))).toBe(true);
    expect(verify(place.dir).report).toMatchObject({ sound: true, format: FIRST_FORMAT });
  });

  test.each(LATEST)(
    'takes the newer one with the first run whose nodes have %s, in the same line, once',
    async (_, nodes) => {
      const documents = opened();
      await start(documents, PLAIN, 'before');
      await start(documents, nodes, 'first');
      await start(documents, nodes, 'second');
      expect(raising()).toEqual([['store.raised', 'run.started']]);
      expect(verify(place.dir).report).toMatchObject({ sound: true, format: 2 });
      expect(documents.peek((view) => view.get<{ format: number }>('store')?.format)).toBe(2);
    },
  );

  test('takes the format of gates with the first run whose nodes have some', async () => {
    const documents = opened();
    const gates = [{ id: 'covered', kind: 'threshold', when: '@.output.coverage >= 0.8' }];
    await start(documents, [work('a', [], { gates })]);
    expect(raising()).toEqual([['store.raised', 'run.started']]);
    expect(verify(place.dir).report).toMatchObject({ sound: true, format: FEATURE_FORMATS.gates });
  });

  test('takes it with a saved graph too', async () => {
    const documents = opened();
    const [, nodes] = LATEST[0] as [string, AnyNode[]];
    const { hash } = documents.definitions.put({ name: 'test', nodes });
    okOf(await documents.change((tx, ctx) => saveGraph(tx, ctx, { name: 'deploy', hash }), { by: BY }));
    expect(raising()).toEqual([['store.raised', 'graph.saved']]);
  });

  test('takes it once where two processes use it at once', async () => {
    const processes = [opened(), opened(), opened()];
    const [, nodes] = LATEST[0] as [string, AnyNode[]];
    await Promise.all(processes.map((documents, n) => start(documents, nodes, `of-${n}`)));
    expect(raising().filter((types) => types.length === 2)).toHaveLength(1);
    expect(verify(place.dir).report).toMatchObject({ sound: true, format: 2 });
  });
});

describe('a program that does not know the format', () => {
  async function raised(): Promise<Documents> {
    const documents = opened();
    const [, nodes] = LATEST[0] as [string, AnyNode[]];
    await start(documents, nodes);
    await set(documents, 'session/s-1', 'x', 1);
    await maintain(documents);
    return documents;
  }

  test('takes no checkpoint made since, so that it meets what raised the store', async () => {
    await raised();
    const checkpoint = readCheckpoint(realDisk, place.dir);
    expect(checkpoint).toMatchObject({ format: 2 });
    if (checkpoint === undefined) return;
    writeCheckpoint(realDisk, place.dir, { ...checkpoint, format: STORE_FORMAT + 1 }, false);
    expect(readCheckpoint(realDisk, place.dir)).toBeUndefined();
  });

  test('is told by a backup what format it has', async () => {
    await raised();
    const copy = join(place.parent, 'copy');
    okOf(backupStore({ disk: realDisk, dir: place.dir, target: copy, durability: 'fsync' }));
    expect(okOf(readManifest(realDisk, copy))).toMatchObject({ format: 2 });
  });

  test('goes on from a checkpoint with the format that the store had there', async () => {
    await raised();
    const documents = opened();
    await set(documents, 'session/s-1', 'y', 2);
    fs.rmSync(join(place.dir, 'checkpoint.json'));
    await maintain(documents);
    expect(readCheckpoint(realDisk, place.dir)).toMatchObject({ format: 2 });
  });

  test('imports no export in which a later line says so', async () => {
    const documents = opened();
    await documents.change(
      (tx) => {
        const data = { format: STORE_FORMAT + 1 };
        tx.patch('store', { type: 'store.raised', data }, [{ op: 'replace', path: '/format', value: data.format }]);
        return { ok: true, value: null };
      },
      { by: BY },
    );
    const lines = fs.readFileSync(join(place.dir, 'log/000000000001.jsonl'), 'utf8').split('\n');
    const newer = { failure: expect.objectContaining({ code: 'store-newer', found: STORE_FORMAT + 1 }) };
    expect(() => [...commitsOf(lines.map((line) => Buffer.from(line)))]).toThrow(expect.objectContaining(newer));
  });
});
