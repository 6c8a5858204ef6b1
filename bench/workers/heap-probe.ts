// Preloaded into a measured server: on SIGUSR2 it collects garbage and writes the size of the heap in MiB to a file.
// Used by rows/sizes.ts.

import fs from 'node:fs';

const file = process.env['BENCH_HEAP_FILE'];
process.on('SIGUSR2', () => {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  collect?.();
  if (file !== undefined) fs.writeFileSync(file, String(process.memoryUsage().heapUsed / 2 ** 20));
});
