// `npm run build`: builds the published program, dist/main.js and the chunks that its verbs load on demand.

import { chmod } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const dist = new URL('../dist/', import.meta.url);
const output = await bundle({ entries: { main: 'src/main.ts' }, dir: fileURLToPath(dist), banner: '#!/usr/bin/env node' });
await chmod(new URL('main.js', dist), 0o755);
for (const file of output) {
  if (file.type === 'chunk') process.stdout.write(`${file.fileName} ${Math.ceil(file.code.length / 1024)} KiB\n`);
}
