// The verb `backup`: a verified copy of the store in a new directory, while others write.

import path from 'node:path';
import type { Config } from '../config.ts';
import type { Result } from '../failure.ts';
import { describeFailure } from '../failure-text.ts';
import { realDisk } from '../store/file/disk.ts';
import { type BackupResult, backupStore } from '../upkeep/backup.ts';
import { count, size } from '../upkeep/report-text.ts';
import { complain, exitCodes } from './complain.ts';
import { offline, requireStore } from './offline-verb.ts';
import { renderJson } from './render.ts';
import { readArguments } from './verb-arguments.ts';

export const run = offline(backupVerb);

async function backupVerb(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { switches: ['json', 'before-damage'], words: ['directory'] });
  if (!read.ok) return complain(read.failure);
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const { stateDir: dir, durability } = config;
  const target = path.resolve(config.cwd, read.value.words[0] ?? '');
  const make = () =>
    backupStore({ disk: realDisk, dir, target, durability, beforeDamage: read.value.has('before-damage') });
  const made = await underLock(dir, make);
  if (!made.ok) return complain(made.failure);
  const { manifest, sizeBytes, leftOut, unsynced } = made.value;
  if (read.value.has('json')) {
    const { seq, chain, made_at } = manifest;
    process.stdout.write(
      renderJson({ backup: target, seq, chain, made_at, size_bytes: sizeBytes, unsynced, left_out: leftOut }),
    );
    return exitCodes.done;
  }
  if (leftOut !== undefined)
    process.stderr.write(`left out: what comes after the damage. ${describeFailure(leftOut).what}\n`);
  if (unsynced)
    process.stderr.write('the disk of the store refuses to save: this copy may be all that is left of its end\n');
  process.stdout.write(
    `backup ${target}: ${count(Object.keys(manifest.files).length, 'file')}, ${size(sizeBytes)}\nverified: seq ${manifest.seq}, chain ${manifest.chain}\n`,
  );
  return exitCodes.done;
}

/** With the lock nobody compresses segments meanwhile, which spares reading them twice. Without it the copy is as good. */
async function underLock(dir: string, make: () => Result<BackupResult>): Promise<Result<BackupResult>> {
  const { exclusively } = await import('../maintenance-lock.ts');
  let made: Result<BackupResult> | undefined;
  await exclusively(dir, async () => {
    made = make();
  });
  return made ?? make();
}
