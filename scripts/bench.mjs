// `npm run bench`: installs the packages that only the benchmark needs, bundles the floors (the baselines that Baton is
// compared with) as Baton is bundled, and measures.

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (program, args, cwd = root) => spawnSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;

// If SQLite cannot be fetched or built, its rows say so; the other rows do not need it.
if (run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], join(root, 'bench')) !== 0) {
  process.stderr.write('the benchmark-only packages could not be installed: their rows will say "not measured"\n');
}
if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);
const dir = await mkdtemp(join(tmpdir(), 'baton-bench-built-'));
try {
  await bundle({
    entries: {
      bench: 'bench/run.ts',
      'bare-server': 'bench/floors/bare-server.ts',
      'sqlite-server': 'bench/floors/sqlite-server.ts',
      'sqlite-worker': 'bench/floors/sqlite-worker.ts',
      'append-worker': 'bench/floors/append-worker.ts',
      'store-worker': 'bench/workers/store-worker.ts',
      'size-worker': 'bench/workers/size-worker.ts',
      'graph-worker': 'bench/workers/graph-worker.ts',
      'heap-probe': 'bench/workers/heap-probe.ts',
    },
    dir,
    keepAjv: true,
  });
  process.exitCode = run(process.execPath, [join(dir, 'bench.js'), '--built', dir, ...process.argv.slice(2)]);
} finally {
  await rm(dir, { recursive: true, force: true });
}
