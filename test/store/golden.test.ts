// Logs of every released format, replayed for ever: what they meant then they must mean now.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openDocuments } from './life.ts';
import { linesOf, openStore, segmentFile, temporaryPlace } from './places.ts';

const golden = new URL('./golden/', import.meta.url);
const removals: (() => void)[] = [];
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

interface Expected {
  seq: number;
  chain: string;
  streams: Record<string, [version: number, head: string]>;
  documents: Record<string, unknown>;
  voids: number;
  torn: number;
}

it.each(['format-1'])('%s folds into the state it had', async (name) => {
  const place = temporaryPlace();
  removals.push(place.remove);
  fs.mkdirSync(join(place.dir, 'log'), { recursive: true });
  fs.copyFileSync(new URL(`${name}.jsonl`, golden), segmentFile(place.dir));
  const expected: Expected = JSON.parse(fs.readFileSync(new URL(`${name}.expected.json`, golden), 'utf8'));
  const store = openStore(place.dir);
  const streams: Expected['streams'] = {};
  for (const stream of store.streams('').sort()) streams[stream] = store.expected(stream);
  expect({ seq: store.seq(), chain: store.log.fold.chain, streams }).toEqual({
    seq: expected.seq,
    chain: expected.chain,
    streams: expected.streams,
  });
  expect({ voids: store.log.voids, torn: store.log.torn.length }).toEqual({
    voids: expected.voids,
    torn: expected.torn,
  });
  expect(store.info().stopped).toBeUndefined();
  const before = linesOf(place.dir);
  await store.close();
  const documents = openDocuments(place.dir);
  for (const [stream, document] of Object.entries(expected.documents)) {
    expect(await documents.read((view) => structuredClone(view.get(stream))), stream).toEqual(document);
  }
  // Opening writes nothing into a store that is whole.
  expect(linesOf(place.dir)).toEqual(before);
  await documents.close();
});
