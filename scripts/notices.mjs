// The licences of the packages whose code the bundle contains, as one text: they ask to be shipped with every copy.
// Used by build.mjs.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Absolute file names of bundled modules → the text of THIRD-PARTY-NOTICES.txt. Throws if a package has no licence. */
export async function notices(modules) {
  const packages = new Map();
  for (const directory of new Set(modules.map(packageOf).filter((found) => found !== undefined))) {
    const { name, version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    packages.set(`${name} ${version}`, { license, text: await licenceOf(directory) });
  }
  const parts = [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([title, found]) => section(title, found));
  return `Baton contains code of ${packages.size} packages under these licences.\n\n${parts.join('\n')}`;
}

/** The directory of the package that a module belongs to; nothing for a module of this project. */
function packageOf(module) {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1];
}

async function licenceOf(directory) {
  const name = (await readdir(directory)).find((file) => /^(licen[cs]e|copying)(\.|$|-)/i.test(file));
  return name === undefined ? undefined : (await readFile(join(directory, name), 'utf8')).trim();
}

function section(title, { license, text }) {
  if (license === undefined && text === undefined) throw new Error(`${title} has no licence that could be shipped`);
  const line = '-'.repeat(79);
  return `${line}\n${title} (${license ?? 'licence below'})\n${line}\n${text ?? `Licence: ${license}`}\n`;
}
