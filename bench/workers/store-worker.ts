// `node store-worker.js <json options>`: one process that writes to a store through Documents, like a server. Started
// by rows/processes.ts.

import { Documents } from '../../src/documents/documents.ts';
import { ok } from '../../src/failure/failure.ts';
import type { JsonObject } from '../../src/json/json.ts';
import { optimiseLate } from '../../src/mcp/tiering.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { fileBackend } from '../../src/store/open.ts';
import { serveWorker, type WorkerRun } from './protocol.ts';

export interface StoreWorkerOptions {
  dir: string;
  stream: string;
  /** The number of operations; if absent, as many as fit into `seconds`. */
  count?: number;
  seconds?: number;
  /** Milliseconds of busy work in each decision. */
  decideMs?: number;
  /** True to write a line to stdout at each acknowledged operation. */
  tell?: boolean;
}

const called = optimiseLate();
const options: StoreWorkerOptions = JSON.parse(process.argv[2] ?? '{}');
const backend = fileBackend({ dir: options.dir, durability: 'fsync', forceNetworkFs: false });
const documents = new Documents({ ...backend, now: Date.now, id: (prefix) => `${prefix}-1`, select: () => ok([]) });
const by = { user: 'bench', tool: 'state_set' };
const text = 'x'.repeat(180);

await documents.change(
  (tx) => {
    if (tx.version(options.stream) === 0)
      tx.create(options.stream, { type: 'session.started' }, { schema: 1, n: 0, bench: {} });
    return ok(true);
  },
  { by },
);

function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function set(index: number) {
  return documents.change(
    (tx) => {
      const doc = tx.read<{ n: number; bench: JsonObject }>(options.stream);
      const n = (doc?.n ?? 0) + 1;
      if (options.decideMs !== undefined) busy(options.decideMs);
      const key = `k${index % 50}`;
      tx.patch(options.stream, { type: 'state.set' }, [
        { op: doc?.bench[key] === undefined ? 'add' : 'replace', path: `/bench/${key}`, value: { text } },
        { op: 'replace', path: '/n', value: n },
      ]);
      return ok(n);
    },
    { by },
  );
}

async function run(): Promise<WorkerRun> {
  const times: number[] = [];
  const end = options.seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.seconds * 1000;
  const voidsBefore = (documents.store as FileStore).log.voids;
  for (let index = 0; index < (options.count ?? Number.POSITIVE_INFINITY) && performance.now() < end; index += 1) {
    called();
    const start = performance.now();
    const result = await set(index);
    if (!result.ok) throw new Error(JSON.stringify(result.failure));
    times.push(performance.now() - start);
    if (options.tell) process.stdout.write(`acked ${result.value.value} ${times.at(-1)}\n`);
  }
  return { times, voids: (documents.store as FileStore).log.voids - voidsBefore };
}

await serveWorker(run);
