// Work for the graph in review.json: counts, hashes and re-hashes the sources of this repository. `node
// examples/sources.mjs count | hash | steady <seconds>`; one line of JSON on stdout.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const folders = ['src', 'test', 'examples'];

/** @returns {string[]} every source file, in a fixed order */
function sources() {
  const found = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|mjs|json)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return found.sort();
}

function sha256() {
  const sum = createHash('sha256');
  for (const file of sources()) sum.update(file).update(readFileSync(file));
  return sum.digest('hex');
}

function count() {
  const files = sources();
  const lines = files.reduce((total, file) => total + readFileSync(file, 'utf8').split('\n').length, 0);
  return { files: files.length, lines };
}

/** Hashes over and over: reading the same bytes must give the same sum. */
async function steady(seconds) {
  const endsAt = Date.now() + seconds * 1000;
  const first = sha256();
  let rounds = 1;
  for (; Date.now() < endsAt; rounds++) {
    if (sha256() !== first) throw new Error('the sources changed while they were read');
    await delay(50);
  }
  return { rounds, sha256: first };
}

const [what, seconds = '3'] = process.argv.slice(2);
const work = { count, hash: () => ({ sha256: sha256() }), steady: () => steady(Number(seconds)) }[what ?? ''];
if (work === undefined) throw new Error('usage: node examples/sources.mjs count | hash | steady <seconds>');
process.stdout.write(`${JSON.stringify(await work())}\n`);
