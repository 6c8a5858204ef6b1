// Index files are a cache: whatever becomes of them, every answer about the past is the one that the log alone gives.

import fs from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fullLines, isWanted } from '../../src/admin/file/log-text.ts';
import { rebuildCaches } from '../../src/admin/file/repair.ts';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { FailureError, ok } from '../../src/failure/failure.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { indexPath } from '../../src/store/file/past/index-file.ts';
import { decodeIndex, encodeIndex } from '../../src/store/file/past/index-text.ts';
import { LogReader } from '../../src/store/file/past/log-reader.ts';
import type { SealedIndex } from '../../src/store/file/past/segment-index.ts';
import { fileBackend } from '../../src/store/open.ts';
import { commitOf, put } from './commits.ts';
import { writeLongLog } from './long-log.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';
import { randomFrom } from './random.ts';

const SEED = Number(process.env.INDEX_SEED ?? 20_261_121);
const RUNS = Number(process.env.INDEX_RUNS ?? 12);

const removals: (() => void)[] = [];
let otherIndex: Buffer;
beforeAll(async () => {
  const store = open(await fourSegments());
  await store.upkeep.index();
  otherIndex = fs.readFileSync(indexFile(store.info().place, 1));
});

const stores: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const remove of removals.splice(0)) remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  removals.push(place.remove);
  return place.dir;
}

function copyOf(dir: string): string {
  const copy = newPlace();
  fs.cpSync(dir, copy, { recursive: true });
  return copy;
}

function indexFile(dir: string, segment: number): string {
  return indexPath(join(dir, 'log'), segment);
}

function open(dir: string): FileStore {
  const store = openStore(dir, { durability: 'none' });
  stores.push(store);
  return store;
}

/** Documents without a file: each is made from its events. */
function openDocuments(dir: string): Documents {
  for (const folder of ['shared', 'sessions', 'channels', 'runs'])
    fs.rmSync(join(dir, folder), { recursive: true, force: true });
  const backend = fileBackend({ dir, durability: 'none', forceNetworkFs: false });
  const documents = new Documents({ ...backend, now: Date.now, id: (prefix) => prefix, select: () => ok([]) });
  stores.push(documents);
  return documents;
}

/** All that can be asked about the past of a store. */
async function answersOf(dir: string): Promise<Record<string, string>> {
  const store = open(dir);
  const streams = store.streams('').sort();
  const past: unknown[] = [];
  for (const stream of streams) {
    const middle = Math.ceil(store.expected(stream)[0] / 2);
    past.push([
      stream,
      store.expected(stream),
      store.read(stream, 1),
      store.read(stream, middle),
      await store.readPast(stream, 1),
    ]);
  }
  const all = await store.readAll(0, 10_000);
  const times = all.map(({ commit }) => Date.parse(commit.at)).filter((ms) => !Number.isNaN(ms));
  const seqs: number[] = [];
  for (const ms of times.slice(0, 40)) seqs.push(await store.seqAtTime(ms - 1), await store.seqAtTime(ms));
  const some = await store.readAll(Math.floor(all.length / 3), 7);
  const reader = new LogReader(realDisk, join(dir, 'log'));
  const log = [...reader.read()]
    .filter((taken) => isWanted(taken, { from: 3, to: 60, stream: 'session/' }))
    .map(fullLines);
  const documents = await openDocuments(dir).read((view) => streams.map((stream) => structuredClone(view.get(stream))));
  const answers = { streams, past, all, some, seqs, log, documents };
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, JSON.stringify(answer)]));
}

function withIndex(dir: string, segment: number, change: (index: SealedIndex) => void): void {
  const index = decodeIndex(fs.readFileSync(indexFile(dir, segment)));
  if (index === undefined) throw new Error('no index');
  change(index);
  fs.writeFileSync(indexFile(dir, segment), encodeIndex(index));
}

type Spoil = (dir: string, segments: readonly number[], random: () => number) => void;

const pick = (items: readonly number[], random: () => number) => items[Math.floor(random() * items.length)] ?? 1;

const WAYS: Record<string, Spoil> = {
  'all there': () => undefined,
  'one missing': (dir, segments, random) => fs.rmSync(indexFile(dir, pick(segments, random))),
  'the first missing': (dir) => fs.rmSync(indexFile(dir, 1)),
  'a flipped bit': (dir, segments, random) => {
    const file = indexFile(dir, pick(segments, random));
    const bytes = fs.readFileSync(file);
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    fs.writeFileSync(file, bytes);
  },
  'cut short': (dir, segments, random) => {
    const file = indexFile(dir, pick(segments, random));
    fs.truncateSync(file, Math.floor(random() * fs.statSync(file).size));
  },
  'of another segment': (dir, segments, random) =>
    fs.copyFileSync(
      indexFile(dir, segments[2] ?? 1),
      indexFile(dir, pick([segments[0] ?? 1, segments[1] ?? 1, segments[3] ?? 1], random)),
    ),
  // What follows was signed again: somebody, or a fault of ours, made it so.
  'a line left out': (dir, segments, random) =>
    withIndex(dir, pick(segments, random), (index) => {
      const [stream, own] = [...index.streams].find(([, { lines }]) => lines.length > 1) ?? [];
      if (stream !== undefined && own !== undefined) index.streams.set(stream, { ...own, lines: own.lines.slice(1) });
    }),
  'the end of the log left out': (dir, segments) =>
    withIndex(dir, segments.at(-1) ?? 1, (index) => {
      index.offsets.pop();
      index.times.pop();
      index.after = { ...index.after, seq: index.after.seq - 1 };
    }),
  'a wrong head': (dir, segments, random) =>
    withIndex(dir, pick(segments, random), (index) => {
      for (const own of index.streams.values()) own.head = 'abcdefabcdef';
    }),
  'lines out of order': (dir, segments, random) =>
    withIndex(dir, pick(segments, random), (index) => {
      const own = [...index.streams.values()].find(({ lines }) => lines.length > 2);
      own?.lines.reverse();
    }),
  'lines elsewhere': (dir, segments, random) =>
    withIndex(dir, pick(segments, random), (index) => {
      index.offsets[1] = (index.offsets[1] ?? 0) + 1;
    }),
  'a stream forgotten': (dir, segments, random) =>
    withIndex(dir, pick(segments, random), (index) => {
      index.streams.delete([...index.streams.keys()][0] ?? '');
    }),
};

/** What doctor says of the index files: how many are right, and what is wrong. */
function verdictOn(dir: string): { right: number; wrong: string[] } {
  const { report } = verifyStore({ disk: realDisk, dir, durability: 'none', forceNetworkFs: false });
  return {
    right: report.log.indexed,
    wrong: report.findings.map(({ code }) => code).filter((c) => c.startsWith('index')),
  };
}

function indexesOf(dir: string, segments: readonly number[]): (string | undefined)[] {
  return segments.map((segment) => {
    const file = indexFile(dir, segment);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
  });
}

describe('index files', () => {
  it('change no answer, whatever becomes of them', { timeout: 240_000 }, async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const seed = SEED + run * 7_919;
      const random = randomFrom(seed);
      const dir = newPlace();
      const segments = await writeLongLog(dir, random);
      const bare = copyOf(dir);
      for (const segment of segments) fs.rmSync(indexFile(bare, segment));
      const truth = await answersOf(bare);
      for (const [way, spoil] of Object.entries(WAYS)) {
        const what = `INDEX_SEED=${seed} INDEX_RUNS=1: ${way}`;
        const copy = copyOf(dir);
        spoil(copy, segments, random);
        expect(await answersOf(copy), what).toEqual(truth);
        const whole = indexesOf(copy, segments).filter((text, at) => text === indexesOf(dir, segments)[at]).length;
        const there = indexesOf(copy, segments).filter((text) => text !== undefined).length;
        expect(verdictOn(copy), what).toMatchObject({ right: whole, wrong: { length: there - whole } });
        // One that is missing is made again from those before it, and one that does not fit beside it.
        if (there === segments.length) continue;
        await openStore(copy, { durability: 'none' }).upkeep.index();
        expect(indexesOf(copy, segments), what).toEqual(indexesOf(dir, segments));
      }
      for (const store of stores.splice(0)) await store.close();
      for (const remove of removals.splice(0)) remove();
    }
  });

  it.each<[string, (file: string) => void]>([
    ['all there', () => undefined],
    ['the first missing', (file) => fs.rmSync(file)],
    ['the first cut short', (file) => fs.truncateSync(file, 100)],
    ['the first of another store', (file) => fs.writeFileSync(file, otherIndex)],
    ['the first of the second segment', (file) => fs.copyFileSync(file.replace('001.', '005.'), file)],
  ])('spare reading what is not asked for, damaged or not: %s', async (_what, spoil) => {
    for (const compressed of [false, true]) {
      const dir = await fourSegments();
      const store = open(dir);
      await store.upkeep.index();
      await (await store.upkeep.mark()).save();
      if (compressed) expect(await store.upkeep.compress()).toBe(2);
      alter(dir, compressed);
      spoil(indexFile(dir, 1));
      const later = open(dir);
      expect(later.read('task/sound', 1)).toHaveLength(4);
      expect(await later.readPast('task/sound', 1)).toEqual(later.read('task/sound', 1));
      expect(await later.readAll(0, 3)).toHaveLength(3);
      expect(() => open(dir).read('task/hurt', 1)).toThrow(FailureError);
      await expect(open(dir).readAll(4, 3)).rejects.toBeInstanceOf(FailureError);
      fs.rmSync(indexFile(dir, 5));
      expect(() => open(dir).read('task/sound', 1)).toThrow(FailureError);
    }
  });

  it('are written by maintenance, and afresh by doctor', async () => {
    const dir = await fourSegments();
    const documents = openDocuments(dir);
    const maintenance = new Maintenance(documents, { onTrouble: (error) => expect(error).toBeUndefined() });
    await maintenance.run();
    await maintenance.stop();
    const written = indexesOf(dir, [1, 5, 9]);
    expect(verdictOn(dir)).toEqual({ right: 3, wrong: [] });
    withIndex(dir, 1, (index) => index.streams.clear());
    fs.truncateSync(indexFile(dir, 5), 40);
    fs.writeFileSync(indexFile(dir, 99), 'of nothing');
    expect(verdictOn(dir)).toEqual({ right: 1, wrong: ['index-wrong', 'index-unreadable', 'index-stray'] });
    expect(await rebuildCaches({ disk: realDisk, dir, durability: 'none', forceNetworkFs: false })).toMatchObject({
      ok: true,
    });
    expect(indexesOf(dir, [1, 5, 9])).toEqual(written);
  });

  it('do not matter while a segment is compressed by somebody else, in whatever members', async () => {
    const dir = await fourSegments();
    const truth = await answersOf(dir);
    const store = open(dir);
    await store.upkeep.index();
    const plain = fs.readFileSync(segmentFile(dir));
    const half = plain.indexOf(10, plain.length / 2) - 3;
    const ways = [[plain], [plain.subarray(0, half), plain.subarray(half)], [plain.subarray(0, 1), plain.subarray(1)]];
    for (const members of ways) {
      fs.writeFileSync(
        `${segmentFile(dir)}.gz`,
        Buffer.concat(members.map((member) => gzipSync(member, { level: 6 }))),
      );
      fs.rmSync(segmentFile(dir), { force: true });
      expect(await answersOf(dir)).toEqual(truth);
      // A reader that began before goes on.
      expect(JSON.stringify(store.read('task/sound', 1))).toBe(JSON.stringify(open(dir).read('task/sound', 1)));
    }
  });

  it('are no reason to hold up others: the far past is read in slices, and given up with the call', async () => {
    const dir = newPlace();
    const store = open(dir);
    for (let n = 0; n < 100; n += 1) {
      store.refresh();
      store.append(
        Array.from({ length: 200 }, (_, at) => commitOf(store, [{ stream: `task/t-${n * 200 + at}`, value: n }])),
      );
    }
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    expect(await open(dir).readAll(0, 100_000)).toHaveLength(20_001);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(2);
    const reading = open(dir).readPast('task/t-1', 1, AbortSignal.abort());
    await expect(reading).rejects.toMatchObject({ failure: { code: 'deadline-exceeded' } });
  });
});

/**
 * Three sealed segments, at 1, 5 and 9, and one that grows; `task/hurt` is in the second alone, `task/sound` in all.
 */
async function fourSegments(): Promise<string> {
  const dir = newPlace();
  const store = openStore(dir, { segmentBytes: 1 });
  for (let segment = 1; segment <= 4; segment += 1) {
    await put(store, 'task/sound', segment);
    if (segment > 1) await put(store, segment === 2 ? 'task/hurt' : 'task/other', 'once');
    await put(store, 'task/other', 'x'.repeat(segment * 100));
    if (segment < 4) await store.upkeep.seal();
  }
  await store.close();
  return dir;
}

/** Changes a value in the second segment, and nothing else. */
function alter(dir: string, compressed: boolean): void {
  const file = compressed ? `${segmentFile(dir, 5)}.gz` : segmentFile(dir, 5);
  const bytes = fs.readFileSync(file);
  const text = (compressed ? gunzipSync(bytes) : bytes).toString('utf8').replace('"once"', '"ONCE"');
  fs.writeFileSync(file, compressed ? gzipSync(text) : text);
}
