// `npm run prepare`, which npm runs after `npm ci` and for `npm install --global .`: builds the program. A clone in which
// nothing was installed gets the tools of the lock file first, because npm installs nothing for a linked directory.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

if (!existsSync(new URL('../node_modules/rolldown', import.meta.url))) {
  // npm hands its own settings down: with --global and --prefix the inner call would install somewhere else.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_(global|prefix|location|local_prefix)$/i.test(name)),
  );
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], env);
}
run(process.execPath, [fileURLToPath(new URL('build.mjs', import.meta.url))], process.env);

function run(command, args, env) {
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
