// Bundles entries with everything they need, as ES modules for Node, because Node 20 cannot run TypeScript. Used by
// build.mjs, bench.mjs, run.mjs and the tests that start real processes.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url);

/** Replaces ajv, which the SDK's server loads at start for elicitation; buildServer() passes its own validator. */
const withoutAjv = {
  name: 'without-ajv',
  load: {
    filter: { id: /validation[\\/]ajv-provider\.js$/ },
    handler: () => 'export class AjvJsonSchemaValidator { getValidator() { throw new Error("no validator was given"); } }',
  },
};

/**
 * Chunks by the entries that load them, in order: a module is in the first chunk of which an entry imports it. What
 * starts again and again, or has little to do, stands before what loads much, so that it loads nothing of that; one file
 * costs a hook's process a millisecond. A server's first calls run code that was never optimised, and names that lead
 * from chunk to chunk are looked up in their modules: with a server's modules in 49 files that cost a fifth of the
 * processor time of its first hundred calls.
 */
const verb = (name) => `src/cli/verbs/${name}.ts`;
const CHUNKS = {
  'main-needs': ['src/main.ts'],
  hook: [verb('hook')],
  statusline: [verb('statusline')],
  store: ['doctor', 'log', 'backup', 'restore', 'export', 'redact'].map(verb),
  serve: [verb('serve')],
  tools: ['src/tools/index.ts', 'src/app/services.ts', 'src/runner/runner.ts'],
};

const LIGHT = ['statusline', 'store'];

function chunkOf() {
  const file = (name) => fileURLToPath(new URL(name, root));
  let chunks;
  return (id, graph) => {
    if (chunks === undefined) {
      const reach = (entries) => entries.reduce((found, entry) => statically(file(entry), graph, found), new Set());
      const server = reach(CHUNKS.serve);
      chunks = new Map();
      for (const [name, entries] of Object.entries(CHUNKS)) {
        // What a server needs at its start must not bring the rest of a light verb along.
        const common = LIGHT.includes(name) ? 'common' : name;
        for (const module of reach(entries))
          if (!chunks.has(module)) chunks.set(module, server.has(module) ? common : name);
      }
      // The entry itself is a file of its own.
      chunks.delete(file('src/main.ts'));
    }
    return chunks.get(id) ?? null;
  };
}

/** A module and all that it imports statically, directly or through others. */
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
    preserveEntrySignatures: 'allow-extension',
    transform: { define: { __BATON_VERSION__: JSON.stringify(version) } },
    // Prefer ES modules: the builds that Node would choose use require(), and bring a run time for it.
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
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: chunkOf(), debugName: 'together' }] },
    // Dead code goes, names and lines stay: a stack trace in a user's log should be readable. Full minifying gains 4 %.
    minify: { compress: true, mangle: false, codegen: false },
    ...(banner !== undefined && { banner: (chunk) => (chunk.isEntry ? banner : '') }),
  });
  await build.close();
  return result.output;
}
