// `npm run gen`: generates src/generated/, docs/tools.md, docs/events.md, the manual page, the tables of the README, and
// server.json from the code and package.json. With --check it writes nothing, and fails if a file would change. Run
// from the repository's root through run.mjs.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { prompts } from '../src/prompts/index.ts';
import { resourceKinds } from '../src/resources/index.ts';
import { describeTools, fullTool } from '../src/tools/describe.ts';
import { tools } from '../src/tools/index.ts';
import { eventsDocument, toolsDocument, withTables } from './docs.ts';
import { type Pack, registryEntry } from './manifests.ts';
import { manualPage } from './manual.ts';

const listings = describeTools(tools);
const full = (name: string) => {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return fullTool(tool);
};
const lines = listings.map((listing) => JSON.stringify(listing));
const files: Record<string, string> = {
  // One tool per line, so that diffs are short and no formatter changes the file.
  'src/generated/tools.json': lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`,
};

// Apart from the definitions, because every command that can fail reads it.
const commands = Object.fromEntries(listings.map(({ tool, positional }) => [tool.name, positional]));
files['src/generated/commands.json'] = `${JSON.stringify(commands, undefined, 2)}\n`;
files['docs/tools.md'] = toolsDocument(listings, full);
files['docs/events.md'] = eventsDocument();
const pack: Pack = JSON.parse(readFileSync('package.json', 'utf8'));
const tables = { listings, resources: resourceKinds, prompts, pack };
files['README.md'] = withTables(readFileSync('README.md', 'utf8'), tables);
files['docs/baton.1'] = manualPage(listings, pack.version);
files['server.json'] = `${JSON.stringify(registryEntry(pack), undefined, 2)}\n`;

const check = process.argv.includes('--check');
const changed = Object.entries(files).filter(([path, content]) => current(path) !== content);
for (const [path, content] of changed) {
  process.stderr.write(`${check ? 'out of date' : 'written'}: ${path}\n`);
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
process.stderr.write(
  `${listings.length} tools, ${JSON.stringify(listings.map((l) => l.tool)).length} characters on the wire\n`,
);
if (check && changed.length > 0) {
  process.stderr.write('run npm run gen and commit the result\n');
  process.exitCode = 1;
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
