// `npm run test:nodes`: runs the tests on the other supported Node versions, from npm's package `node`.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'baton-nodes-'));
let failed = false;
try {
  for (const line of ['22', '24']) {
    const prefix = join(dir, line);
    // The package installs its binary by an install script.
    const installed = spawnSync('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel=error', '--foreground-scripts', `node@${line}`], { stdio: 'inherit' });
    if (installed.status !== 0) {
      process.stderr.write(`Node ${line} could not be installed: not tested\n`);
      failed = true;
      continue;
    }
    const node = join(prefix, 'node_modules/node/bin/node');
    process.stderr.write(`Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout}`);
    const ran = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
    failed ||= ran.status !== 0;
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
