// Measurements in one process on a store of a certain size: prepares the store, or times writes, replay and opening.
// Started by rows/sizes.ts.

import fs from 'node:fs';
import { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { ok } from '../../src/failure/failure.ts';
import { fileBackend } from '../../src/store/open.ts';
import type { Durability } from '../../src/store/port.ts';
import { serveWorker } from './protocol.ts';

export interface SizeWorkerOptions {
  dir: string;
  task: 'prepare' | 'write' | 'replay' | 'parse';
  commits?: number;
  /** The number of documents that the commits are spread over. */
  sessions?: number;
  documentBytes?: number;
  count?: number;
}

const options: SizeWorkerOptions = JSON.parse(process.argv[2] ?? '{}');
const by = { user: 'bench', session: 'ses-bench000', tool: 'state_set' };
const text = 'x'.repeat(180);

function open(durability: Durability): Documents {
  const backend = fileBackend({ dir: options.dir, durability, forceNetworkFs: false });
  return new Documents({ ...backend, now: Date.now, id: (prefix) => prefix, select: () => ok([]) });
}

async function prepare(): Promise<void> {
  const documents = open('none');
  const sessions = options.sessions ?? 20;
  const filler: Record<string, string> = {};
  for (let index = 0; index < (options.documentBytes ?? 0) / 1000; index += 1) filler[`f${index}`] = 'y'.repeat(985);
  for (let index = 0; index < sessions; index += 1) {
    await documents.change(
      (tx) => ok(tx.create(`session/s${index}`, { type: 'session.started' }, { schema: 1, filler, bench: {} })),
      { by },
    );
  }
  const write = (index: number) =>
    documents.change(
      (tx) =>
        ok(
          tx.patch(`session/s${index % sessions}`, { type: 'state.set' }, [
            { op: 'add', path: `/bench/k${index % 50}`, value: { text, index } },
          ]),
        ),
      { by },
    );
  for (let done = 0; done < (options.commits ?? 0); done += 500) {
    await Promise.all(
      Array.from({ length: Math.min(500, (options.commits ?? 0) - done) }, (_, index) => write(done + index)),
    );
  }
  const maintenance = new Maintenance(documents, { onTrouble: (error) => Promise.reject(error) });
  await maintenance.run();
  await maintenance.stop();
  await documents.close();
}

async function writes(): Promise<number[]> {
  const documents = open('fsync');
  const times: number[] = [];
  for (let index = 0; index < (options.count ?? 400); index += 1) {
    const start = performance.now();
    await documents.change(
      (tx) =>
        ok(
          tx.patch('session/s0', { type: 'state.set' }, [
            { op: 'add', path: `/bench/w${index % 50}`, value: { text, index } },
          ]),
        ),
      { by },
    );
    times.push(performance.now() - start);
  }
  await documents.close();
  return times.slice(100);
}

/** Folds the whole log into documents, without a checkpoint. */
async function replay(): Promise<number> {
  fs.rmSync(`${options.dir}/checkpoint.json`, { force: true });
  const start = performance.now();
  const documents = open('none');
  const found = await documents.read(
    (view) => view.streams('session/').filter((stream) => view.get(stream) !== undefined).length,
  );
  const took = performance.now() - start;
  if (found !== (options.sessions ?? 20)) throw new Error(`replay found ${found} documents`);
  return took;
}

/** The floor (baseline) of replay: JSON.parse of the same lines. */
function parse(): number {
  const start = performance.now();
  let count = 0;
  for (const name of fs.readdirSync(`${options.dir}/log`)) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of fs.readFileSync(`${options.dir}/log/${name}`, 'utf8').split('\n'))
      if (line !== '' && JSON.parse(line)) count += 1;
  }
  if (count === 0) throw new Error('nothing to parse');
  return performance.now() - start;
}

await serveWorker(async () => {
  switch (options.task) {
    case 'prepare':
      await prepare();
      return { times: [0], voids: 0 };
    case 'write':
      return { times: await writes(), voids: 0 };
    case 'replay':
      return { times: [await replay()], voids: 0 };
    case 'parse':
      return { times: [parse()], voids: 0 };
  }
});
