// Logs of every released format, replayed for ever: what they meant then they must mean now.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { put } from './commits.ts';
import { openDocuments } from './life.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

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

/**
 * `format-1`: one segment with void and torn lines. `format-1-segments`: two seals, a compressed segment, expired
 * requests.
 */
const GOLDEN = ['format-1', 'format-1-segments'];

function lay(name: string): { dir: string; expected: Expected } {
  const place = temporaryPlace();
  removals.push(place.remove);
  const folder = new URL(`${name}/log`, golden);
  if (fs.existsSync(folder)) {
    fs.cpSync(folder, join(place.dir, 'log'), { recursive: true });
  } else {
    fs.mkdirSync(join(place.dir, 'log'), { recursive: true });
    fs.copyFileSync(new URL(`${name}.jsonl`, golden), segmentFile(place.dir));
  }
  const file = fs.existsSync(folder) ? `${name}/expected.json` : `${name}.expected.json`;
  return { dir: place.dir, expected: JSON.parse(fs.readFileSync(new URL(file, golden), 'utf8')) };
}

function filesIn(dir: string): [string, string][] {
  const logDir = join(dir, 'log');
  return fs.readdirSync(logDir).map((name) => [name, fs.readFileSync(join(logDir, name), 'base64')]);
}

it.each(GOLDEN)('%s folds into the state it had', async (name) => {
  const { dir, expected } = lay(name);
  const before = filesIn(dir);
  const store = openStore(dir);
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
  await store.close();
  await expectDocuments(dir, expected);
  // Opening writes nothing into a store that is whole.
  expect(filesIn(dir)).toEqual(before);
});

it.each(GOLDEN)('%s is sound to doctor, and the same with index files and compressed further', async (name) => {
  const { dir, expected } = lay(name);
  vi.useFakeTimers({ toFake: ['performance'] });
  const store = openStore(dir, { segmentBytes: 1 });
  // Long enough for its requests to be forgotten, one of which names a blob that is not laid here.
  vi.advanceTimersByTime(8 * 86_400_000);
  await store.upkeep.seal();
  vi.useRealTimers();
  await put(store, 'task/after', 1);
  await store.upkeep.index();
  await store.upkeep.compress();
  await store.close();
  const { report } = verifyStore({ disk: realDisk, dir, durability: 'none', forceNetworkFs: false });
  expect(report.findings.filter(({ level }) => level !== 'note')).toEqual([]);
  expect(report.log.indexed).toBe(report.log.segments - 1);
  expect(report.log.compressed).toBe(report.log.segments - 2);
  await expectDocuments(dir, expected);
});

/** Byte for byte, without any document's file: each is made from its events. */
async function expectDocuments(dir: string, expected: Expected): Promise<void> {
  const documents = openDocuments(dir);
  for (const stream of Object.keys(expected.streams)) {
    if (stream.startsWith('request/') || (stream === 'store' && expected.documents.store === undefined)) continue;
    const text = await documents.read((view) => JSON.stringify(view.get(stream)));
    expect(text, stream).toBe(JSON.stringify(expected.documents[stream]));
  }
  await documents.close();
}
