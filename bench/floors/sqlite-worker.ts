// The floor (baseline) of rows with many processes: the same durable read-modify-write in SQLite, without a server.

import { serveWorker, type WorkerRun } from '../workers/protocol.ts';
import { type SQLiteOptions, sqliteWriter } from './sqlite-writer.ts';

const options: SQLiteOptions & { count: number } = JSON.parse(process.argv[2] ?? '{}');
const write = sqliteWriter(options);
const value = { text: 'x'.repeat(180) };

await serveWorker(async (): Promise<WorkerRun> => {
  const times: number[] = [];
  for (let index = 0; index < options.count; index += 1) {
    const start = performance.now();
    write(`k${index % 50}`, value);
    times.push(performance.now() - start);
    // Yield to the event loop, like a server between two calls.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { times, voids: 0 };
});
