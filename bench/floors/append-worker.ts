// The floor (baseline) if SQLite cannot be built: processes that append 200 bytes with fdatasync. They decide nothing,
// so they lose no races.

import fs from 'node:fs';
import { promisify } from 'node:util';
import { serveWorker, type WorkerRun } from '../workers/protocol.ts';

const options: { dir: string; count: number } = JSON.parse(process.argv[2] ?? '{}');
const fd = fs.openSync(`${options.dir}/floor.jsonl`, 'a');
const fdatasync = promisify(fs.fdatasync);
const line = `${JSON.stringify({ text: 'x'.repeat(180) })}\n`;

await serveWorker(async (): Promise<WorkerRun> => {
  const times: number[] = [];
  for (let index = 0; index < options.count; index += 1) {
    const start = performance.now();
    fs.writeSync(fd, line);
    await fdatasync(fd);
    times.push(performance.now() - start);
  }
  return { times, voids: 0 };
});
