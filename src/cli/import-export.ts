// `baton import <source> --from baton`: imports an export of another store, that store's directory or a backup of it
// into this store, which must be new. Called by verbs/import.ts.

import fs from 'node:fs';
import path from 'node:path';
import { linesOf } from '../admin/export/exported.ts';
import { type Replayed, type ReplaySource, replay } from '../admin/export/replay.ts';
import { blobsIn, linesOfStore } from '../admin/export/source.ts';
import { visible, withoutHome } from '../base/display.ts';
import type { Config } from '../config/config.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { MemoryBlobs, MemoryLog, MemoryStore } from '../store/memory.ts';
import { fileBackend } from '../store/open.ts';
import { complain, exitCodes } from './complain.ts';
import { requireStore } from './offline-verb.ts';
import { renderJson } from './render.ts';

export interface ExportImport {
  place: string;
  dry: boolean;
  json: boolean;
  /** The directory of blobs; default `blobs` beside the export. */
  blobs: string | undefined;
}

const SHOWN = 10;

/** Imports and prints the report. Resolves to the exit code. */
export async function importExport(wish: ExportImport, config: Config): Promise<number> {
  const { place, dry } = wish;
  const source = sourceAt(place, wish.blobs);
  if (!source.ok) return complain(source.failure);
  if (config.readOnly && !dry)
    return complain({ code: 'read-only', why: 'this was started with BATON_READ_ONLY or --read-only' });
  // A dry run must not make a store.
  const missing = dry && requireStore(config.stateDir) !== undefined;
  const backend = missing
    ? { openStore: () => new MemoryStore(new MemoryLog(), () => undefined), blobs: new MemoryBlobs() }
    : fileBackend({ ...config, dir: config.stateDir });
  const store = backend.openStore(() => undefined);
  try {
    const done = await replay(source.value, { store, blobs: backend.blobs }, !dry);
    if (!done.ok) return complain(done.failure);
    const report = {
      from: 'baton',
      source: withoutHome(place, config.home),
      ...(dry ? { dry_run: true } : {}),
      ...done.value,
    };
    process.stdout.write(wish.json ? renderJson(report) : textOf(report));
    return exitCodes.done;
  } finally {
    await store.close();
  }
}

function sourceAt(place: string, blobsDir: string | undefined): Result<ReplaySource> {
  const stat = fs.statSync(place, { throwIfNoEntry: false });
  const isStore = stat?.isDirectory() === true && fs.existsSync(path.join(place, 'log'));
  if (stat === undefined || (!stat.isFile() && !isStore)) {
    const why = 'expected a file that baton export wrote, or the directory of a store or of a backup';
    return fail({ code: 'invalid-input', issues: [{ at: '<source>', why }] });
  }
  const folder = blobsDir ?? path.join(isStore ? place : path.dirname(place), 'blobs');
  return ok({ blob: blobsIn(folder), lines: () => (isStore ? linesOfStore(place) : linesOf(place)) });
}

function textOf(report: Replayed & { source: string; dry_run?: boolean }): string {
  const { source, dry_run: dry, commits, already, streams, blobs, missing, forgotten } = report;
  const lines = [
    `${dry ? 'would import' : 'imported'} ${visible(source)} (baton)`,
    `taken: ${commits} commits of ${streams} documents, ${blobs} blobs`,
    `already there: ${already === 0 ? 'nothing' : `${already} commits`}`,
    `left out: ${forgotten === 0 ? 'seals' : `seals, ${forgotten} answers of repeated requests`}`,
  ];
  if (missing.length > 0) {
    const more = missing.length > SHOWN ? `\n  … ${missing.length - SHOWN} more: --json shows all` : '';
    const named = missing.slice(0, SHOWN).map((sha256) => `\n  ${sha256}`);
    lines.push(
      `blobs that are not beside it (--blobs names their directory): ${missing.length}${named.join('')}${more}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
