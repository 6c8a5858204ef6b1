// `npm run pack:mcpb`: builds baton.mcpb, the bundle that desktop clients install by a double click, and validates it.
// `-- --stage DIR` only lays out its files. The tool of the format is fetched for the occasion: it brings 55 packages
// that nothing else here needs. Run from the repository's root through run.mjs.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeTools } from '../src/tools/describe.ts';
import { tools } from '../src/tools/index.ts';
import { bundleManifest, type Pack } from './manifests.ts';

const TOOL = '@anthropic-ai/mcpb@2.1.2';

const [flag, given] = process.argv.slice(2);
if (flag !== undefined && (flag !== '--stage' || given === undefined))
  throw new Error('usage: pack:mcpb [-- --stage DIR]');
if (!existsSync('dist/main.js')) throw new Error('dist is missing: run npm run build first');

if (given !== undefined) stage(resolve(given));
else pack();

function pack(): void {
  const directory = mkdtempSync(join(tmpdir(), 'baton-mcpb-'));
  try {
    stage(directory);
    mcpb('validate', join(directory, 'manifest.json'));
    mcpb('pack', directory, resolve('baton.mcpb'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function stage(directory: string): void {
  const manifest: Pack = JSON.parse(readFileSync('package.json', 'utf8'));
  cpSync('dist', join(directory, 'dist'), { recursive: true });
  cpSync('LICENSE', join(directory, 'LICENSE'));
  const listed = describeTools(tools)
    .filter(({ optIn }) => !optIn)
    .map(({ tool }) => tool);
  writeFileSync(
    join(directory, 'manifest.json'),
    `${JSON.stringify(bundleManifest(manifest, listed), undefined, 2)}\n`,
  );
  // The program's files are ES modules, which Node knows by the package.json beside them alone.
  const { name, version } = manifest;
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify({ name, version, type: 'module' })}\n`);
}

function mcpb(...args: string[]): void {
  const { status } = spawnSync('npx', ['--yes', TOOL, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
