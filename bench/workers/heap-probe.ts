// Preloaded into a server under measurement: on SIGUSR2 it collects garbage and writes the heap's size in MiB to a
// file.

import fs from 'node:fs';

const file = process.env['BENCH_HEAP_FILE'];
process.on('SIGUSR2', () => {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  collect?.();
  if (file !== undefined) fs.writeFileSync(file, String(process.memoryUsage().heapUsed / 2 ** 20));
});
