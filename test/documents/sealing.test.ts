// A segment is sealed at its size, however steadily commits come and however many documents wait to be written.

import fs from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { ok } from '../../src/failure/failure.ts';
import { fileBackend } from '../../src/store/open.ts';
import { temporaryPlace } from '../store/places.ts';

const SEGMENT_BYTES = 50_000;
/** A round has to begin, hash and take the turn while commits go on. */
const LARGEST_BYTES = 4 * SEGMENT_BYTES;
const by = { user: 'tester', tool: 'test' };

const removals: (() => void)[] = [];
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

function opened(): { documents: Documents; sizes(): number[] } {
  const place = temporaryPlace();
  removals.push(place.remove);
  const { dir } = place;
  const backend = fileBackend({ dir, durability: 'none', forceNetworkFs: false, segmentBytes: SEGMENT_BYTES });
  const documents = new Documents({ ...backend, now: Date.now, id: (prefix) => prefix, select: () => ok([]) });
  const sizes = () =>
    fs
      .readdirSync(`${dir}/log`)
      .filter((name) => /\.jsonl(\.gz)?$/.test(name))
      .map((name) => fs.statSync(`${dir}/log/${name}`).size);
  return { documents, sizes };
}

function write(documents: Documents, n: number) {
  const text = 'x'.repeat(800);
  return documents.change((tx) => ok(tx.create(`task/t-${n}`, { type: 'test.made' }, { schema: 1, text })), { by });
}

async function writeSteadily(documents: Documents, from: number, until: () => boolean): Promise<number> {
  let n = from;
  for (; !until() && n < from + 3_000; n += 1) {
    await write(documents, n);
    // As between two calls of a client.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return n;
}

test('under steady writing, without a pause and before many commits', async () => {
  const { documents, sizes } = opened();
  const maintenance = new Maintenance(documents, { onTrouble: (error) => expect(error).toBeUndefined() });
  await writeSteadily(documents, 0, () => sizes().length > 3);
  expect(sizes().length).toBeGreaterThan(3);
  expect(Math.max(...sizes())).toBeLessThan(LARGEST_BYTES);
  await maintenance.stop();
  await documents.close();
});

test('while a round writes many documents', async () => {
  const { documents, sizes } = opened();
  for (let n = 0; n < 1_500; n += 1) await write(documents, n);
  const before = sizes().length;
  const maintenance = new Maintenance(documents, {
    idleMs: 1e6,
    everyCommits: 1e6,
    onTrouble: (error) => expect(error).toBeUndefined(),
  });
  const { upkeep } = documents.store;
  let written = 0;
  let atFirstSeal = 0;
  const put = documents.store.putSnapshot.bind(documents.store);
  documents.store.putSnapshot = (snapshot) => {
    written += 1;
    return put(snapshot);
  };
  const seal = upkeep?.seal.bind(upkeep);
  if (upkeep !== undefined && seal !== undefined)
    upkeep.seal = async () => {
      const done = await seal();
      if (done && atFirstSeal === 0) atFirstSeal = written;
      return done;
    };
  await maintenance.run();
  expect(written).toBe(1_501);
  expect(sizes().length).toBeGreaterThan(before);
  expect(atFirstSeal).toBeLessThan(1_000);
  await maintenance.stop();
  await documents.close();
});
