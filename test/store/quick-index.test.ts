// The index of a segment made without the heads before it: byte for byte that of the walk over all segments, or none
// where lines are void, and then the walk makes it.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { indexPath } from '../../src/store/file/past/index-file.ts';
import { renewIndexes } from '../../src/store/file/past/index-segments.ts';
import { encodeIndex } from '../../src/store/file/past/index-text.ts';
import { quickIndex } from '../../src/store/file/past/quick-index.ts';
import { SegmentReader } from '../../src/store/file/past/segment-reader.ts';
import { atOnce } from '../../src/store/file/past/slices.ts';
import { commitOf, put } from './commits.ts';
import { openStore, temporaryPlace } from './places.ts';

const places: { remove(): void }[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const place of places.splice(0)) place.remove();
});

/** A store whose second segment is sealed, with `among` done to its file before the seal; and the seqs of the files. */
async function sealedTwice(among: (file: string, store: FileStore) => void = () => undefined) {
  const place = temporaryPlace();
  places.push(place);
  const store = openStore(place.dir, { segmentBytes: 1 });
  stores.push(store);
  const logDir = join(place.dir, 'log');
  for (const round of [1, 2]) {
    for (let n = 0; n < 6; n += 1) await put(store, n % 2 === 0 ? `request/r-${round}-${n}` : 'task/t-1', { round, n });
    if (round === 2) among(join(logDir, '000000000010.jsonl'), store);
    await put(store, 'task/t-2', round);
    expect(await store.upkeep.seal()).toBe(true);
    if (round === 1) expect(await store.upkeep.index()).toBe(1);
  }
  const quick = () => atOnce(quickIndex(new SegmentReader(realDisk, logDir), 10, (seq) => store.log.fold.chainAt(seq)));
  return { store, logDir, quick };
}

/** The second segment's index file, as the walk over all segments writes it. */
function walked(logDir: string, store: FileStore): Buffer {
  renewIndexes(realDisk, logDir, store.log.segment);
  return fs.readFileSync(indexPath(logDir, 10));
}

test.each<[string, (file: string) => void]>([
  ['its lines', () => undefined],
  ['a torn line', (file) => fs.appendFileSync(file, '\n{"id":"torn')],
])('is the same as that of the walk, with %s', async (_, among) => {
  const { store, logDir, quick } = await sealedTwice((file) => among(file));
  const made = quick();
  expect(made).toBeDefined();
  expect(await store.upkeep.index()).toBe(1);
  const written = fs.readFileSync(indexPath(logDir, 10));
  expect(made === undefined ? '' : encodeIndex(made)).toEqual(written);
  expect(walked(logDir, store)).toEqual(written);
});

test('is left to the walk where a line is void', async () => {
  const { store, logDir, quick } = await sealedTwice((file, open) => {
    const late = commitOf(open, [{ stream: 'task/t-1', value: 'late' }], {
      expect: { 'task/t-1': [1, 'f'.repeat(12)] },
    });
    fs.appendFileSync(file, `\n${late.line}\n`);
    open.refresh();
  });
  expect(quick()).toBeUndefined();
  expect(await store.upkeep.index()).toBe(1);
  expect(fs.readFileSync(indexPath(logDir, 10))).toEqual(walked(logDir, store));
});

test('is not believed if the log knows another chain', async () => {
  const { logDir } = await sealedTwice();
  const reader = new SegmentReader(realDisk, logDir);
  expect(atOnce(quickIndex(reader, 10, () => '0123456789abcdef'))).toBeUndefined();
  expect(atOnce(quickIndex(reader, 10, () => undefined))).toBeUndefined();
});
