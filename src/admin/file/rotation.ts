// A directory of backups, named by when they were made: makes the next one, then removes those that are not to be kept.
// What has not changed since the last one is linked, not copied. Used by cli/verbs/backup.ts.

import fs from 'node:fs';
import path from 'node:path';
import { isAlive } from '../../base/process-start.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { type Disk, errnoOf, syncDirectory } from '../../store/file/disk.ts';
import { type BackupOptions, type BackupResult, backupStore } from './backup.ts';
import { MANIFEST } from './manifest.ts';
import { isInside } from './new-directory.ts';

/** Of so many hours, and of so many days, that have a backup: the newest of each. In UTC. */
export interface Keep {
  hourly: number;
  daily: number;
}

export interface Rotated extends BackupResult {
  /** Names of the backups that are there now, oldest first, and of those that were removed. */
  kept: string[];
  removed: string[];
}

/** As `backup-2026-01-31T23-59-59-999Z`: their order by name is that by time. */
const NAME = /^backup-(\d{4}-\d\d-\d\d)T(\d\d)-\d\d-\d\d-\d{3}Z$/;
/** What is being made, or was being removed, when its process was killed. */
const HALF = /^backup-[\dTZ-]+\.(\d+)\.[a-z0-9]+\.tmp$/;
/** In a container every process of another looks dead: what was touched lately may still be made. */
const HALF_AFTER_MS = 3_600_000;

/** Reads `hourly=24,daily=7`; what is not named is not kept. Fails with `invalid-input`. */
export function readKeep(text: string): Result<Keep> {
  const keep: Keep = { hourly: 0, daily: 0 };
  for (const part of text.split(',')) {
    const [, name, count] = /^(hourly|daily)=([1-9]\d{0,3})$/.exec(part.trim()) ?? [];
    if (name === undefined) return refuse('--keep', 'expected such as hourly=24,daily=7, each from 1 to 9999');
    keep[name as keyof Keep] = Number(count);
  }
  return ok(keep);
}

/** Those of the names that are to be kept; the newest is one of them whatever is asked. */
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
 * Makes a backup within the directory `target`, which is made if need be, and removes what is not to be kept. Nothing
 * is removed if it fails, or if something had to be left out of it. Whenever it is killed, what has the name of a
 * backup is a whole one.
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
    const chosen = kept([...before, name], keep).add(name);
    // A backup of what comes before damage holds less than those before it may.
    const removed = made.value.leftOut === undefined ? before.filter((one) => !chosen.has(one)) : [];
    for (const one of removed) takeAway(disk, folder, one);
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

/** Loses its name first: a backup that is half removed must not look like one. */
function takeAway(disk: Disk, folder: string, name: string): void {
  const aside = `${folder}/${name}.${process.pid}.${Math.random().toString(36).slice(2, 10)}.tmp`;
  try {
    disk.rename(`${folder}/${name}`, aside);
  } catch (error) {
    // Another rotation of the same directory was faster.
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  syncDirectory(disk, folder);
  fs.rmSync(aside, { recursive: true, force: true });
}

/** What killed processes left half-made or half removed. */
function sweep(disk: Disk, folder: string, now: number): void {
  for (const name of disk.readdir(folder)) {
    const pid = HALF.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid), undefined)) continue;
    const parts = ['', '/log', '/blobs'].map((part) => disk.stat(`${folder}/${name}${part}`)?.mtimeMs ?? 0);
    if (now - Math.max(...parts) > HALF_AFTER_MS) fs.rmSync(`${folder}/${name}`, { recursive: true, force: true });
  }
}

function refuse(at: string, why: string): Result<never> {
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}
