// A writer beside other writers checks its batch against the log once more, and writes only commits that can still win.

import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Documents } from '../../src/documents/documents.ts';
import { ok } from '../../src/failure/failure.ts';
import { FileStore } from '../../src/store/file/file-store.ts';
import { fileBackend } from '../../src/store/open.ts';
import { BY, commitOf, put } from './commits.ts';

const dirs: string[] = [];
const place = () => {
  const dir = fs.mkdtempSync(join(os.tmpdir(), 'baton-writer-'));
  dirs.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
});

function open(dir: string): FileStore {
  return new FileStore({ dir, forceNetworkFs: true, onCommits: () => undefined });
}

const linesOf = (dir: string) =>
  fs.readFileSync(join(dir, 'log/000000000001.jsonl'), 'utf8').split('\n').filter(Boolean).length;

it('given another has changed what a line rests on, then it is lost without being written', async () => {
  const dir = place();
  const [ours, theirs] = [open(dir), open(dir)];
  await put(ours, 'task/a', 1);
  const stale = commitOf(ours, [{ stream: 'task/a', value: 2 }]);
  await put(theirs, 'task/a', 3);
  const before = linesOf(dir);
  expect(ours.append([stale]).outcomes).toEqual([{ kind: 'lost' }]);
  expect(linesOf(dir)).toBe(before);
  await ours.close();
  await theirs.close();
});

it('given a batch of which one rests on what has changed and one on that, then the others alone are written', async () => {
  const dir = place();
  const [ours, theirs] = [open(dir), open(dir)];
  await put(ours, 'task/a', 1);
  await put(ours, 'task/b', 1);
  const stale = commitOf(ours, [{ stream: 'task/a', value: 2 }]);
  const onIt = commitOf(ours, [{ stream: 'task/c', value: 2 }], {
    reads: ['task/a'],
    expect: { 'task/a': [2, stale.sum.slice(0, 12)] },
  });
  const sound = commitOf(ours, [{ stream: 'task/b', value: 2 }]);
  const onSound = commitOf(ours, [{ stream: 'task/b', value: 3 }], {
    expect: { 'task/b': [2, sound.sum.slice(0, 12)] },
  });
  await put(theirs, 'task/a', 3);
  const before = linesOf(dir);
  const { outcomes, durable } = ours.append([stale, onIt, sound, onSound]);
  await durable;
  expect(outcomes.map(({ kind }) => kind)).toEqual(['lost', 'lost', 'won', 'won']);
  expect(linesOf(dir)).toBe(before + 2);
  theirs.refresh();
  expect([theirs.expected('task/b')[0], theirs.expected('task/c')[0]]).toEqual([3, 0]);
  await ours.close();
  await theirs.close();
});

it('given others write between decision and write, then every decision is made on what they wrote, and applied once', async () => {
  const dir = place();
  const theirs = open(dir);
  const backend = fileBackend({ dir, durability: 'fsync', forceNetworkFs: true });
  const documents = new Documents({ ...backend, now: Date.now, id: (prefix) => prefix, select: () => ok([]) });
  await put(theirs, 'task/hot', { n: 0, by: [] });
  const raise = (disturb: boolean, name: string) =>
    documents.change(
      (tx) => {
        const doc = tx.read<{ n: number; by: string[] }>('task/hot');
        const n = (doc?.n ?? 0) + 1;
        if (disturb && n < 4) {
          theirs.refresh();
          theirs.append([commitOf(theirs, [{ stream: 'task/hot', value: { n, by: [...(doc?.by ?? []), 'them'] } }])]);
        }
        tx.patch('task/hot', { type: 'test.raised' }, [
          { op: 'replace', path: '/n', value: n },
          { op: 'add', path: '/by/-', value: name },
        ]);
        return ok(n);
      },
      { by: BY },
    );
  // One batch: the second is decided on the first, and both on what is then overtaken.
  const answers = await Promise.all([raise(true, 'first'), raise(false, 'second')]);
  expect(answers.map((answer) => answer.ok && answer.value.value)).toEqual([4, 5]);
  const seen = await documents.read((view) => view.get('task/hot'));
  expect(seen).toEqual({ n: 5, by: ['them', 'them', 'them', 'first', 'second'] });
  // Created, set, three of theirs, two of ours: nothing void was written.
  expect(linesOf(dir)).toBe(7);
  await documents.close();
  await theirs.close();
});
