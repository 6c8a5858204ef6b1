// `node scripts/run.mjs <file.ts> [argument…]`: bundles a TypeScript file of this repository into a temporary directory
// and runs it.

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) throw new Error('usage: node scripts/run.mjs <file.ts> [argument…]');
const dir = await mkdtemp(join(tmpdir(), 'baton-run-'));
try {
  await bundle({ entries: { script: entry }, dir });
  const ran = spawnSync(process.execPath, [join(dir, 'script.js'), ...args], { stdio: 'inherit' });
  process.exitCode = ran.status ?? 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}
