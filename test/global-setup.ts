// Bundles the program once for all tests that start real servers, as it is published, and gives all tests one temporary
// directory, which goes when they have ended.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundle } from '../scripts/bundle.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the bundled main.js. */
    program: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const dir = mkdtempSync(join(tmpdir(), 'baton-test-'));
  // Workers are started after this, and have it from here.
  process.env['TMPDIR'] = dir;
  await bundle({ entries: { main: 'src/main.ts' }, dir: join(dir, 'program') });
  project.provide('program', join(dir, 'program', 'main.js'));
  return () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
