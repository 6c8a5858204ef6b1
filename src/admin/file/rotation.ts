// Keeps a directory of backups, named by their time: makes the next one, then removes those that are not to be kept.
// Unchanged files are linked to the last backup, not copied. Called by cli/verbs/backup.ts.

import fs from 'node:fs';
import path from 'node:path';
import { isAlive } from '../../base/process-start.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { type Disk, errnoOf, syncDirectory } from '../../store/file/disk.ts';
import { type BackupOptions, type BackupResult, backupStore } from './backup.ts';
import { MANIFEST } from './manifest.ts';
import { isInside } from './new-directory.ts';

/**
 * How many backups to keep: the newest one of each of the last `hourly` hours and `daily` days that have any, in UTC.
 */
export interface Keep {
  hourly: number;
  daily: number;
}

export interface Rotated extends BackupResult {
  /** Names of the backups that exist now, oldest first; `removed` are those that were removed. */
  kept: string[];
  removed: string[];
}

/** Such as `backup-2026-01-31T23-59-59-999Z`, so that the order by name is the order by time. */
const NAME = /^backup-(\d{4}-\d\d-\d\d)T(\d\d)-\d\d-\d\d-\d{3}Z$/;
/** The temporary name of a backup that is being made or removed. */
const UNFINISHED = /^backup-[\dTZ-]+\.(\d+)\.[a-z0-9]+\.tmp$/;
/**
 * Do not remove an unfinished backup that was changed within this time: its process may live in another container, and
 * only look dead here.
 */
const ABANDONED_AFTER_MS = 3_600_000;

/** Parses `hourly=24,daily=7`; a missing part counts as 0. Fails with `invalid-input`. */
export function readKeep(text: string): Result<Keep> {
  const keep: Keep = { hourly: 0, daily: 0 };
  for (const part of text.split(',')) {
    const [, name, count] = /^(hourly|daily)=([1-9]\d{0,3})$/.exec(part.trim()) ?? [];
    if (name === undefined) return refuse('--keep', 'expected such as hourly=24,daily=7, each from 1 to 9999');
    keep[name as keyof Keep] = Number(count);
  }
  return ok(keep);
}

/** The names of the backups to keep. The newest one is always kept. */
export function kept(names: readonly string[], { hourly, daily }: Keep): Set<string> {
  const newestFirst = names.filter((name) => NAME.test(name)).sort((a, b) => (a < b ? 1 : -1));
  const chosen = new Set(newestFirst.slice(0, 1));
  const choose = (most: number, spanOf: (day: string, hour: string) => string): void => {
    const spans = new Set<string>();
    for (const name of newestFirst) {
      const [, day = '', hour = ''] = NAME.exec(name) ?? [];
      const span = spanOf(day, hour);
      if (spans.has(span)) continue;
      if (spans.size >= most) return;
      spans.add(span);
      chosen.add(name);
    }
  };
  choose(hourly, (day, hour) => `${day}T${hour}`);
  choose(daily, (day) => day);
  return chosen;
}

/**
 * Makes a backup in the directory `target`, which is created if missing, and removes the backups that are not to be
 * kept. Removes nothing if the backup fails or had to leave something out. Can be killed at any time: every directory
 * with the name of a backup is complete. Fails like `backupStore`.
 */
export function rotateBackups(options: Omit<BackupOptions, 'linkTo'>, keep: Keep, now: number): Result<Rotated> {
  const { disk, dir, target: folder } = options;
  if (isInside(dir, folder)) return refuse(folder, 'a backup inside the store is lost with it: choose another place');
  if (disk.stat(`${folder}/${MANIFEST}`) !== undefined)
    return refuse(folder, 'this is a backup: with --keep name the directory that is to hold several');
  if (disk.stat(path.dirname(folder))?.isDirectory !== true) return refuse(folder, 'its parent directory is not there');
  try {
    if (disk.stat(folder) === undefined) disk.mkdir(folder);
    const before = namesIn(disk, folder);
    const last = before.at(-1);
    const target = `${folder}/backup-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
    const made = backupStore({ ...options, target, ...(last === undefined ? {} : { linkTo: `${folder}/${last}` }) });
    if (!made.ok) return made;
    const name = path.basename(target);
    // Backups of a clock that was ahead take nobody's place, and stay until their time has come.
    const past = before.filter((one) => one <= name);
    const chosen = kept([...past, name], keep).add(name);
    // Remove nothing after a backup of a damaged log, which may have less than the earlier backups.
    const removed = made.value.leftOut === undefined ? past.filter((one) => !chosen.has(one)) : [];
    for (const one of removed) removeBackup(disk, folder, one);
    sweep(disk, folder, now);
    return ok({ ...made.value, kept: namesIn(disk, folder), removed });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return fail({ code: 'store-unwritable', why: `the directory of backups cannot be kept up (${errno})` });
  }
}

function namesIn(disk: Disk, folder: string): string[] {
  return disk
    .readdir(folder)
    .filter((name) => NAME.test(name) && disk.stat(`${folder}/${name}`)?.isDirectory === true)
    .sort();
}

/** Removes a backup. Renames it first, so that a half removed one does not look like a backup. */
function removeBackup(disk: Disk, folder: string, name: string): void {
  const aside = `${folder}/${name}.${process.pid}.${Math.random().toString(36).slice(2, 10)}.tmp`;
  try {
    disk.rename(`${folder}/${name}`, aside);
  } catch (error) {
    // Another rotation of this directory was faster.
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  syncDirectory(disk, folder);
  fs.rmSync(aside, { recursive: true, force: true });
}

/** Removes unfinished backups of killed processes. */
function sweep(disk: Disk, folder: string, now: number): void {
  for (const name of disk.readdir(folder)) {
    const pid = UNFINISHED.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid), undefined)) continue;
    const parts = ['', '/log', '/blobs'].map((part) => disk.stat(`${folder}/${name}${part}`)?.mtimeMs ?? 0);
    if (now - Math.max(...parts) > ABANDONED_AFTER_MS) fs.rmSync(`${folder}/${name}`, { recursive: true, force: true });
  }
}

function refuse(at: string, why: string): Result<never> {
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}
