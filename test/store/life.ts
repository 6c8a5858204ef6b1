// A short life of a store that meets every kind of storage call (opening, commits, large answers, documents,
// checkpoint, seals, compression), and the check of what must hold for the store that it leaves. Used by the fault
// tests.

import fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import type { Decide } from '../../src/domain/command.ts';
import { ok } from '../../src/failure/failure.ts';
import type { JsonObject } from '../../src/json/json.ts';
import { type Disk, realDisk } from '../../src/store/file/disk.ts';
import { fileBackend } from '../../src/store/open.ts';
import type { Durability } from '../../src/store/port.ts';
import { BY } from './commits.ts';

export interface Answers {
  acked: number[];
  /** Answered with a failure that says: not applied. */
  refused: number[];
  unknown: number[];
  codes: string[];
  /** Rejections: bugs, never right for a file error. */
  crashed: unknown[];
}

export function openDocuments(dir: string, disk: Disk = realDisk, durability: Durability = 'fsync'): Documents {
  const backend = fileBackend({ dir, durability, forceNetworkFs: false, disk, segmentBytes: 1_500 });
  const { blobs, presence } = backend;
  const openStore = backend.openStore;
  return new Documents({ openStore, blobs, presence, now: Date.now, id: (prefix) => prefix, select: () => ok([]) });
}

interface List {
  items: number[];
}

/** Appends n to a list and counts it in one of three other documents. Some answers are too long for a line. */
export function record(n: number): Decide<string> {
  return (tx) => {
    const list = tx.read<List>('channel/list');
    if (list === undefined) tx.create('channel/list', { type: 'list.made' }, { items: [n] });
    else tx.patch('channel/list', { type: 'list.grew' }, [{ op: 'add', path: '/items/-', value: n }]);
    const stream = `counter/c-${n % 3}`;
    const count = (tx.read<{ n: number }>(stream)?.n ?? 0) + 1;
    if (count === 1) tx.create(stream, { type: 'counter.made' }, { n: 1 });
    else tx.patch(stream, { type: 'counter.raised' }, [{ op: 'replace', path: '/n', value: count }]);
    return ok(answerOf(n));
  };
}

function answerOf(n: number): string {
  return n % 4 === 1 ? `${n} `.repeat(2_500) : `${n}`;
}

export async function change(documents: Documents, n: number, answers: Answers, isDead: () => boolean): Promise<void> {
  try {
    const result = await documents.change(record(n), { by: BY, request: { id: `r-${n}`, arguments: { n } } });
    if (isDead()) return;
    if (result.ok) answers.acked.push(n);
    else {
      answers.codes.push(result.failure.code);
      (result.failure.code === 'outcome-unknown' ? answers.unknown : answers.refused).push(n);
    }
  } catch (error) {
    if (!isDead()) answers.crashed.push(error);
  }
}

/** Nine changes, some at once, with a round of maintenance after each few: three seals, one compression. */
export async function live(dir: string, disk: Disk, answers: Answers, isDead: () => boolean): Promise<Documents> {
  const documents = openDocuments(dir, disk);
  const trouble: unknown[] = [];
  const options = { idleMs: 1e6, everyCommits: 1e6, onTrouble: (error: unknown) => trouble.push(error) };
  const maintenance = new Maintenance(documents, options);
  for (let round = 0; round < 3; round += 1) {
    const first = round * 3;
    await Promise.all([first, first + 1].map((n) => change(documents, n, answers, isDead)));
    await change(documents, first + 2, answers, isDead);
    await maintenance.run();
  }
  await maintenance.stop();
  return documents;
}

export function noAnswers(): Answers {
  return { acked: [], refused: [], unknown: [], codes: [], crashed: [] };
}

interface State {
  items: number[];
  counts: number[];
  version: number;
  stopped: string | undefined;
}

async function look(documents: Documents): Promise<State> {
  return documents.read((view) => ({
    items: [...(view.get<List>('channel/list')?.items ?? [])],
    counts: [0, 1, 2].map((c) => view.get<{ n: number }>(`counter/c-${c}`)?.n ?? 0),
    version: view.version('channel/list'),
    stopped: documents.store.info().stopped?.code,
  }));
}

/**
 * What is in a store: opens it as the next process would, checks it against the answers given, and writes once more.
 */
export async function verify(dir: string, answers: Answers, what: string): Promise<void> {
  const documents = openDocuments(dir, realDisk, 'none');
  const state = await look(documents);
  expect(state.stopped, `${what}: stopped`).toBeUndefined();
  const { items } = state;
  expect(new Set(items).size, `${what}: applied twice`).toBe(items.length);
  // In the order in which they were answered, for those that did not overlap.
  for (const n of answers.acked) expect(items.includes(n), `${what}: acknowledged ${n} is gone`).toBe(true);
  for (const n of answers.refused) expect(items.includes(n), `${what}: refused ${n} took effect`).toBe(false);
  const rounds = items.map((n) => (n % 3 === 2 ? n : n - (n % 3)));
  expect(
    [...rounds].sort((x, y) => x - y),
    `${what}: order`,
  ).toEqual(rounds);
  expect(state.version, `${what}: version`).toBe(items.length);
  const counts = [0, 1, 2].map((c) => items.filter((n) => n % 3 === c).length);
  expect(state.counts, `${what}: half applied`).toEqual(counts);
  for (const n of answers.acked.slice(-2)) {
    const repeat = await documents.change(record(n), { by: BY, request: { id: `r-${n}`, arguments: { n } } });
    expect(repeat, `${what}: repeat of ${n}`).toMatchObject({
      ok: true,
      value: { value: answerOf(n), replayed: true },
    });
  }
  const more = await documents.change(record(99), { by: BY });
  expect(more.ok, `${what}: cannot write`).toBe(true);
  await documents.close();
  await fromScratch(dir, [...items, 99], what);
}

/** The caches must not matter: without them the log tells the same. */
async function fromScratch(dir: string, items: number[], what: string): Promise<void> {
  for (const name of ['checkpoint.json', 'shared', 'channels']) {
    fs.rmSync(join(dir, name), { recursive: true, force: true });
  }
  const documents = openDocuments(dir, realDisk, 'none');
  const state = await look(documents);
  expect(state.items, `${what}: from scratch`).toEqual(items);
  expect(state.stopped, `${what}: from scratch`).toBeUndefined();
  await documents.close();
}

export async function readList(documents: Documents): Promise<JsonObject> {
  return documents.read((view) => ({ items: [...(view.get<List>('channel/list')?.items ?? [])] }));
}
