// Lines of which the system took pieces, with the pieces of other writers between them: whatever of them stands between
// two newlines was never acknowledged, so it is torn, never damage. Altered lines stay damage.

import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type EncodedCommit, encodeCommit, type Seen } from '../../src/store/commit.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { LogReader } from '../../src/store/file/past/log-reader.ts';
import { Fold, type Verdict } from '../../src/store/fold.ts';
import { BY, put } from './commits.ts';
import { linesOf, openStore, segmentFile, temporaryPlace } from './places.ts';

const places: { remove(): void }[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined);
  for (const place of places.splice(0)) place.remove();
});

function open(dir: string): FileStore {
  const store = openStore(dir);
  stores.push(store);
  return store;
}

/** A closed store of so many commits. */
async function small(count: number): Promise<string> {
  const place = temporaryPlace();
  places.push(place);
  const store = open(place.dir);
  for (let n = 1; n <= count; n += 1) await put(store, `task/t-${n}`, n);
  await store.close();
  return place.dir;
}

function encoded(stream: string, value: string, seen: Seen = [0, '']): EncodedCommit {
  const event = { stream, type: 'test.set', patch: [{ op: 'add' as const, path: '', value: { text: value } }] };
  const at = '2026-01-01T00:00:00.000Z';
  return encodeCommit({ id: `id-${stream}`, at, by: BY, seen, expect: { [stream]: [0, ''] }, events: [event] });
}

function verdicts(text: string, fold = new Fold()): Verdict[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : fold.offer(line, { segment: 1, offset: 0 })));
}

/** One write: its lines, where the system cuts it, and after how many pieces its writer dies. */
interface Write {
  texts: string[];
  cuts: number[];
  dies: boolean;
}

/** The pieces of a write, in order: after the first, the system takes whole blocks, which are no shorter than these. */
const BLOCK_BYTES = 80;

function piecesOf(bytes: string, { cuts, dies }: Write): string[] {
  const at: number[] = [];
  for (const cut of cuts.map((one) => one % (bytes.length + 1)).sort((x, y) => x - y))
    if (cut >= (at.at(-1) ?? -BLOCK_BYTES) + BLOCK_BYTES) at.push(cut);
  const pieces = [...at, bytes.length].map((end, index) => bytes.slice(at[index - 1] ?? 0, end));
  return dies ? pieces.slice(0, -1) : pieces;
}

/** A file in which the pieces of the writes stand in a chosen order, each write's own in theirs. */
function interleaved(writes: readonly Write[], order: readonly number[]): string {
  const left = writes.map((write, w) =>
    piecesOf(`\n${write.texts.map((text, n) => encoded(`s/${w}-${n}`, text).line).join('\n')}\n`, write),
  );
  const chosen = order.map((turn) => left[turn % left.length]?.shift() ?? '');
  return `${chosen.join('')}${left.flat().join('')}`;
}

describe('pieces of several writes', () => {
  // Also a text that looks like the beginning and the end of a line.
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constant('{"id":"a","at":"b","by":{}, "sum":"0123456789abcdef"}'),
  );
  const write = fc.record({
    texts: fc.array(text, { minLength: 1, maxLength: 2 }),
    cuts: fc.array(fc.nat(700), { maxLength: 3 }),
    dies: fc.boolean(),
  });
  const writes = fc.array(write, { minLength: 2, maxLength: 4 });

  it('are lines, or torn, in every order; and a write behind them is whole', () => {
    fc.assert(
      fc.property(writes, fc.array(fc.nat(3), { maxLength: 16 }), (made, order) => {
        const file = interleaved(made, order);
        const found = verdicts(`${file}\n${encoded('s/after', 'x').line}\n`);
        expect(found.map(({ kind }) => kind)).not.toContain('damage');
        expect(found.at(-1)).toMatchObject({ kind: 'valid' });
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('halves of two lines between two newlines', () => {
  const [a, b] = [encoded('s/a', 'first').line, encoded('s/b', 'second').line];
  /** Writer A is cut short, writer B behind it too and dies, and then comes the rest of A. */
  const glued = (cutA: number, cutB: number) => `\n${a.slice(0, cutA)}\n${b.slice(0, cutB)}${a.slice(cutA)}\n`;

  it('are torn, wherever both were cut', () => {
    for (let cutA = 0; cutA <= a.length; cutA += 1) {
      for (let cutB = 0; cutB <= b.length; cutB += 7) {
        const kinds = verdicts(glued(cutA, cutB)).map(({ kind }) => kind);
        expect(kinds, `cut at ${cutA} and ${cutB}`).not.toContain('damage');
      }
    }
  });

  it('leave a store that every reader calls sound, also from a checkpoint behind the first half', async () => {
    const dir = await small(2);
    const file = segmentFile(dir);
    fs.appendFileSync(file, `\n${a.slice(0, 150)}\n`);
    const store = open(dir);
    await put(store, 'task/between', 1);
    await (await store.upkeep.mark()).save();
    fs.appendFileSync(file, `\n${b.slice(0, 120)}${a.slice(150)}\n`);
    expect(await put(store, 'task/after', 1)).toMatchObject({ kind: 'won' });
    expect(store.log.torn).toHaveLength(2);
    const fromCheckpoint = open(dir);
    expect(fromCheckpoint.info().stopped).toBeUndefined();
    expect(fromCheckpoint.expected('task/after')).toEqual(store.expected('task/after'));
    const reader = new LogReader(realDisk, join(dir, 'log')).readAll();
    expect(reader.fault()).toBeUndefined();
    expect(reader.torn).toHaveLength(2);
    expect(await store.readAll(0, 10)).toHaveLength(5);
  });
});

describe('an altered line', () => {
  /** A store's lines, with a part of the one with this index altered. */
  const altered = (lines: readonly string[], index: number) =>
    lines.with(index, (lines[index] ?? '').replace('"value":', '"valve":'));
  const withLines = (dir: string, lines: readonly string[]) =>
    fs.writeFileSync(segmentFile(dir), lines.map((line) => `\n${line}\n`).join(''));

  it('is damage where no torn line stands before it', async () => {
    const dir = await small(2);
    withLines(dir, altered(linesOf(dir), 2));
    expect(open(dir).info().stopped).toMatchObject({ code: 'store-damaged' });
  });

  it('is damage behind a torn line, if a later one knew it', async () => {
    const dir = await small(4);
    const [first = '', ...rest] = altered(linesOf(dir), 2);
    withLines(dir, [first, first.slice(0, 90), ...rest]);
    expect(open(dir).info().stopped).toMatchObject({ code: 'store-damaged' });
  });

  it('is damage in a segment after one with a torn line', async () => {
    const dir = await small(2);
    fs.appendFileSync(segmentFile(dir), `\n${encoded('s/a', 'x').line.slice(0, 100)}\n`);
    const sealing = openStore(dir, { segmentBytes: 1 });
    expect(await sealing.upkeep.seal()).toBe(true);
    await put(sealing, 'task/next', 1);
    await sealing.close();
    const next =
      fs
        .readdirSync(join(dir, 'log'))
        .filter((name) => name.endsWith('.jsonl'))
        .at(-1) ?? '';
    const path = join(dir, 'log', next);
    fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('"value":', '"valve":'));
    expect(open(dir).info().stopped).toMatchObject({ code: 'store-damaged' });
  });

  it('that only one read shows is read again, behind a torn line too', async () => {
    const dir = await small(2);
    const [first = '', ...rest] = linesOf(dir);
    withLines(dir, [first, first.slice(0, 90), ...rest]);
    const at = fs.readFileSync(segmentFile(dir)).lastIndexOf('"value":');
    let reads = 0;
    const flaky = {
      ...realDisk,
      read: (fd: number, buffer: Uint8Array, offset: number, length: number, position: number) => {
        const count = realDisk.read(fd, buffer, offset, length, position);
        reads += 1;
        if (reads === 1) buffer[offset + at] = 0x7a;
        return count;
      },
    };
    const store = openStore(dir, { disk: flaky });
    stores.push(store);
    expect(store.expected('task/t-2')[0]).toBe(1);
  });
});
