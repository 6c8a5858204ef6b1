// Documents in several processes with caches in any state: random changes, rounds of maintenance, document files and
// checkpoints deleted or restored from an earlier time, processes that join late. All must agree.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { ok } from '../../src/failure/failure.ts';
import { BY } from '../store/commits.ts';
import { openDocuments } from '../store/life.ts';
import { temporaryPlace } from '../store/places.ts';
import { randomFrom } from '../store/random.ts';

const RUNS = Number(process.env.CACHE_RUNS ?? 20);
const SEED = Number(process.env.CACHE_SEED ?? 5_000_011);
const STREAMS = ['task/a', 'task/b', 'session/s', 'run/r'];
const removals: (() => void)[] = [];
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

interface Doc {
  items: number[];
  deep: Record<string, unknown>;
}

/** One change of one or two documents: appended, moved about, replaced or removed whole. */
async function change(documents: Documents, n: number, random: () => number): Promise<void> {
  const streams = STREAMS.filter(() => random() < 0.4);
  const kind = random();
  const result = await documents.change(
    (tx) => {
      for (const stream of streams) {
        const doc = tx.read<Doc>(stream);
        if (doc === undefined) {
          const value = { items: [n], deep: { of: { n } } };
          if (tx.version(stream) === 0) tx.create(stream, { type: 'made' }, value);
          else tx.patch(stream, { type: 'made.again' }, [{ op: 'add', path: '', value }]);
        } else if (kind < 0.05) tx.patch(stream, { type: 'gone' }, [{ op: 'remove', path: '' }]);
        else if (kind < 0.5) {
          tx.patch(stream, { type: 'grew' }, [{ op: 'add', path: '/items/-', value: n }]);
          tx.patch(stream, { type: 'noted' }, [{ op: 'add', path: `/deep/k${n % 5}`, value: { n } }]);
        } else {
          tx.edit<Doc>(stream, { type: 'edited' }, (draft) => {
            draft.items = draft.items.slice(-5).reverse();
            draft.deep.last = n;
          });
        }
      }
      return ok(n);
    },
    { by: BY },
  );
  if (!result.ok) throw new Error(`${result.failure.code} at ${n}`);
}

async function all(documents: Documents): Promise<unknown> {
  return documents.read((view) => STREAMS.map((stream) => [view.version(stream), structuredClone(view.get(stream))]));
}

async function maintain(documents: Documents): Promise<void> {
  const trouble: unknown[] = [];
  const options = { idleMs: 1e6, everyCommits: 1e6, onTrouble: (error: unknown) => trouble.push(error) };
  const maintenance = new Maintenance(documents, options);
  await maintenance.run();
  await maintenance.stop();
  if (trouble.length > 0) throw trouble[0];
}

/** Caches as an unlucky past may leave them: gone, or those of another time. */
function disturb(dir: string, random: () => number): void {
  const caches = ['shared', 'sessions', 'runs', 'checkpoint.json'].map((name) => join(dir, name));
  const kept = join(dir, '..', 'kept');
  for (const path of caches) {
    const how = random();
    const copy = join(kept, path.slice(dir.length));
    if (!fs.existsSync(path)) continue;
    if (how < 0.3) fs.rmSync(path, { recursive: true });
    else if (how < 0.6) fs.cpSync(path, copy, { recursive: true, force: true });
    else if (how < 0.8 && fs.existsSync(copy)) {
      fs.rmSync(path, { recursive: true });
      fs.cpSync(copy, path, { recursive: true });
    }
  }
}

async function run(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const place = temporaryPlace();
  removals.push(place.remove);
  const { dir } = place;
  const open: Documents[] = [openDocuments(dir, undefined, 'none')];
  const one = (): Documents => open[Math.floor(random() * open.length)] ?? openDocuments(dir, undefined, 'none');
  for (let step = 0; step < 40; step += 1) {
    const kind = random();
    if (kind < 0.5) await change(one(), step, random);
    // Many at once: more than a process keeps for a document that nobody there has named.
    else if (kind < 0.55) for (let n = 0; n < 80; n += 1) await change(open[0] ?? one(), 1_000 + n, random);
    else if (kind < 0.7) await maintain(one());
    else if (kind < 0.8) disturb(dir, random);
    else if (kind < 0.9 && open.length < 4) open.push(openDocuments(dir, undefined, 'none'));
    else await one().read(() => undefined);
  }
  const states = [];
  const fresh = openDocuments(dir, undefined, 'none');
  for (const documents of [...open, fresh]) states.push(await all(documents));
  for (const documents of [...open, fresh]) await documents.close();
  for (const name of ['shared', 'sessions', 'runs', 'checkpoint.json']) {
    fs.rmSync(join(dir, name), { recursive: true, force: true });
  }
  const scratch = openDocuments(dir, undefined, 'none');
  const truth = await all(scratch);
  await scratch.close();
  for (const state of states) expect(state, `CACHE_SEED=${seed} CACHE_RUNS=1`).toEqual(truth);
}

describe('documents', () => {
  it('are the same for every process, whatever became of the caches', { timeout: 600_000 }, async () => {
    for (let at = 0; at < RUNS; at += 1) await run(SEED + at * 7_919);
  });
});
