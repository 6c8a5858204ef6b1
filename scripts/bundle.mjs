// Bundles one entry with everything it needs, as ES modules for Node. Used by build.mjs, run.mjs and the tests that
// start real processes: Node 20 runs no TypeScript by itself.

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

/**
 * All that a hook loads comes in one file, which the server loads too: a client starts a hook's process again and
 * again, and each file costs a millisecond. What main.ts loads before it knows the verb stays apart.
 */
function hookChunk() {
  const file = (name) => fileURLToPath(new URL(name, root));
  let together;
  return (id, graph) => {
    if (together === undefined) {
      together = statically(file('src/cli/verbs/hook.ts'), graph);
      for (const known of statically(file('src/main.ts'), graph)) together.delete(known);
    }
    return together.has(id) ? 'hook' : null;
  };
}

/** What a module imports, at any distance, and itself. */
function statically(entry, graph, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const next of graph.getModuleInfo(entry)?.importedIds ?? []) statically(next, graph, found);
  return found;
}

/** @param {{ entries: Record<string, string>, dir: string, banner?: string, keepAjv?: boolean }} options */
export async function bundle({ entries, dir, banner, keepAjv = false }) {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const build = await rolldown({
    cwd: fileURLToPath(root),
    input: entries,
    platform: 'node',
    transform: { define: { __BATON_VERSION__: JSON.stringify(version) } },
    // What Node would choose is two builds for require(), and a run time for require() with them.
    resolve: { alias: { mutative: 'mutative/dist/mutative.esm.production.min.mjs' } },
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
    codeSplitting: { groups: [{ name: hookChunk(), debugName: 'hook' }] },
    // Dead code goes, names and lines stay: a stack trace in a user's log should be readable. Full minifying gains 4 %.
    minify: { compress: true, mangle: false, codegen: false },
    ...(banner !== undefined && { banner: (chunk) => (chunk.isEntry ? banner : '') }),
  });
  await build.close();
  return result.output;
}
