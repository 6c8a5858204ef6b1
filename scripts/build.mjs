// `npm run build`: builds the published program, dist/main.js, the chunks that its verbs load on demand, and the
// licences of what it contains.

import { chmod, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { notices } from './notices.mjs';

const dist = new URL('../dist/', import.meta.url);
const output = await bundle({ entries: { main: 'src/main.ts' }, dir: fileURLToPath(dist), banner: '#!/usr/bin/env node' });
await chmod(new URL('main.js', dist), 0o755);
const chunks = output.filter(({ type }) => type === 'chunk');
await writeFile(new URL('THIRD-PARTY-NOTICES.txt', dist), await notices(chunks.flatMap(({ moduleIds }) => moduleIds)));
for (const file of chunks) {
  process.stdout.write(`${file.fileName} ${Math.ceil(file.code.length / 1024)} KiB\n`);
}
