// The verb `restore`: restores a backup into an empty directory. With --drill it only tries, in a temporary place.

import path from 'node:path';
import { drillRestore, restoreBackup } from '../../admin/file/restore.ts';
import type { Config } from '../../config/config.ts';
import { realDisk } from '../../store/file/disk.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline } from '../offline-verb.ts';
import { Progress, watchedDisk } from '../progress.ts';
import { renderJson } from '../render.ts';
import { readArguments } from '../verb-arguments.ts';

export const run = offline(restoreVerb);

async function restoreVerb(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { switches: ['json', 'drill'], words: ['backup'] });
  if (!read.ok) return complain(read.failure);
  const backup = path.resolve(config.cwd, read.value.words[0] ?? '');
  const drill = read.value.has('drill');
  const progress = new Progress('restoring the backup');
  const disk = watchedDisk(realDisk, progress);
  const restored = drill ? await drillRestore(disk, backup) : restoreBackup(disk, backup, config.stateDir);
  progress.end();
  if (!restored.ok) {
    process.stderr.write(drill ? 'drill failed: this backup cannot be restored\n' : 'nothing was restored\n');
    return complain(restored.failure);
  }
  const { dir, manifest, commits, documents } = restored.value;
  const { seq, chain, made_at } = manifest;
  if (read.value.has('json')) {
    process.stdout.write(
      renderJson({ ...(drill ? { drill: true } : { store: dir }), seq, chain, made_at, commits, documents }),
    );
    return exitCodes.done;
  }
  const what = drill
    ? `drill: restored the backup of ${made_at} in a temporary place, opened it, and took it away again`
    : `restored the backup of ${made_at} to ${dir}`;
  process.stdout.write(`${what}\nverified: ${commits} commits, ${documents} documents, seq ${seq}, chain ${chain}\n`);
  return exitCodes.done;
}
