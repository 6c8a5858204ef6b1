// Bundles one entry with everything it needs, as ES modules for Node. Used by build.mjs, run.mjs and the tests that start
// real processes: Node 20 runs no TypeScript by itself.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url);

/** The SDK's server loads ajv at start for elicitation answers; buildServer() passes its own validator instead. */
const withoutAjv = {
  name: 'without-ajv',
  load: {
    filter: { id: /validation[\\/]ajv-provider\.js$/ },
    handler: () => 'export class AjvJsonSchemaValidator { getValidator() { throw new Error("no validator was given"); } }',
  },
};

/** @param {{ entries: Record<string, string>, dir: string, banner?: string, keepAjv?: boolean }} options */
export async function bundle({ entries, dir, banner, keepAjv = false }) {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const build = await rolldown({
    cwd: fileURLToPath(root),
    input: entries,
    platform: 'node',
    transform: { define: { __BATON_VERSION__: JSON.stringify(version) } },
    plugins: keepAjv ? [] : [withoutAjv],
    logLevel: 'warn',
    checks: { eval: false },
  });
  const result = await build.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    cleanDir: true,
    // Dead code goes, names and lines stay: a stack trace in a user's log should be readable. Full minifying gains 4 %.
    minify: { compress: true, mangle: false, codegen: false },
    ...(banner !== undefined && { banner: (chunk) => (chunk.isEntry ? banner : '') }),
  });
  await build.close();
  return result.output;
}
