// The verb `backup`: makes a verified copy of the store in a new directory while others write; with --keep it adds one
// to a directory of several, and removes old ones.

import path from 'node:path';
import { type BackupResult, backupStore } from '../../admin/file/backup.ts';
import { followed } from '../../admin/file/new-directory.ts';
import { count, size } from '../../admin/file/report-text.ts';
import { type Rotated, readKeep, rotateBackups } from '../../admin/file/rotation.ts';
import type { Config } from '../../config/config.ts';
import { describeFailure } from '../../failure/describe.ts';
import type { Result } from '../../failure/failure.ts';
import { realDisk } from '../../store/file/disk.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { Progress, watchedDisk } from '../progress.ts';
import { renderJson } from '../render.ts';
import { readArguments } from '../verb-arguments.ts';

type Made = BackupResult & Partial<Rotated>;

export const run = offline(backupVerb);

async function backupVerb(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { switches: ['json', 'before-damage'], texts: ['keep'], words: ['directory'] });
  if (!read.ok) return complain(read.failure);
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const given = read.value.text('keep');
  const keep = given === undefined ? undefined : readKeep(given);
  if (keep?.ok === false) return complain(keep.failure);
  const { stateDir: dir, durability } = config;
  const target = followed(path.resolve(config.cwd, read.value.words[0] ?? ''));
  const progress = new Progress('copying the store');
  const disk = watchedDisk(realDisk, progress);
  const options = { disk, dir, target, durability, beforeDamage: read.value.has('before-damage') };
  const make = (): Result<Made> =>
    keep === undefined ? backupStore(options) : rotateBackups(options, keep.value, Date.now());
  const made = await underLock(dir, make);
  progress.end();
  if (!made.ok) return complain(made.failure);
  process.stdout.write(read.value.has('json') ? renderJson(reportOf(made.value)) : textOf(made.value));
  return exitCodes.done;
}

function reportOf({ target, manifest, sizeBytes, linkedBytes, leftOut, unsynced, kept, removed }: Made) {
  const { seq, chain, made_at } = manifest;
  const rotated = kept === undefined ? {} : { linked_bytes: linkedBytes, kept, removed };
  return { backup: target, seq, chain, made_at, size_bytes: sizeBytes, unsynced, left_out: leftOut, ...rotated };
}

/** The report as text. Warnings about the copy go to stderr. */
function textOf({ target, manifest, sizeBytes, linkedBytes, leftOut, unsynced, kept, removed = [] }: Made): string {
  if (leftOut !== undefined)
    process.stderr.write(`left out: what comes after the damage. ${describeFailure(leftOut).what}\n`);
  if (unsynced)
    process.stderr.write('the disk of the store refuses to save: this copy may be all that is left of its end\n');
  const linked = linkedBytes > 0 ? `, ${size(linkedBytes)} of it shared with the one before` : '';
  const lines = [
    `backup ${target}: ${count(Object.keys(manifest.files).length, 'file')}, ${size(sizeBytes)}${linked}`,
    `verified: seq ${manifest.seq}, chain ${manifest.chain}`,
  ];
  if (kept !== undefined) lines.push(`kept: ${count(kept.length, 'backup')}; removed: ${removed.length}`);
  return `${lines.join('\n')}\n`;
}

/**
 * Runs `make` under the maintenance lock if it is free, so that no process compresses segments meanwhile and they are
 * read only once. The copy is as good without the lock.
 */
async function underLock<T>(dir: string, make: () => Result<T>): Promise<Result<T>> {
  const { exclusively } = await import('../../app/maintenance-lock.ts');
  let made: Result<T> | undefined;
  await exclusively(dir, async () => {
    made = make();
  });
  return made ?? make();
}
