// Checks everything around the log: permissions, links, leftovers of dead processes, the file system, and which
// processes serve the store now. Removes nothing. Used by verify.ts and redact/redact.ts.

import { shellWord } from '../../base/display.ts';
import { isAlive } from '../../base/process-start.ts';
import { attachmentOf, SERVED_MS, servesBy } from '../../store/file/caches/presence.ts';
import { type Disk, errnoOf } from '../../store/file/disk.ts';
import { type Damage, damageIn } from '../../store/file/log/marker.ts';
import { networkFileSystem } from '../../store/file/log/opening.ts';
import { unsafeOwner } from '../../store/file/log/safe-place.ts';
import { isLeftover, makerOf, readMark } from '../../store/file/temporary-name.ts';
import { documentOf, type FoundFile, isInDocumentFolder } from './files.ts';
import type { Finding } from './findings.ts';

const SHOWN_EXAMPLES = 3;
/** The age after which proper-lockfile counts a lock as stale; see maintenance-lock.ts. */
const LOCK_STALE_MS = 10_000;
/** Clocks of one machine differ by less, however they are set right. */
const FUTURE_MS = 60_000;

export interface Surroundings {
  findings: Finding[];
  serving: { session: string; pid: number }[];
}

export interface SurroundingsOptions {
  disk: Disk;
  dir: string;
  forceNetworkFs: boolean;
  durability: 'fsync' | 'none';
}

export function checkSurroundings(options: SurroundingsOptions, files: readonly FoundFile[]): Surroundings {
  const { disk, dir } = options;
  const findings: Finding[] = [
    ...checkPoison(disk, dir, files),
    ...checkPlace(options),
    ...checkLinks(files),
    ...checkOwner(disk, dir),
    ...checkModes(disk, dir, files),
    ...checkLeftovers(disk, dir, files),
    ...checkTimes(files),
  ];
  return { findings, serving: whoServes(disk, dir, files) };
}

function checkPoison(disk: Disk, dir: string, files: readonly FoundFile[]): Finding[] {
  if (!files.some(({ path }) => path === 'log/poison')) return [];
  const damage = damageIn(disk, `${dir}/log`);
  if (damage !== undefined) return [condemned(damage)];
  return [
    {
      level: 'trouble',
      code: 'poisoned',
      where: 'log/poison',
      what:
        'a process met a disk error while saving: what it wrote last was answered as unknown, and since then ' +
        'nobody writes',
      next:
        'have the disk repaired or replaced and restart the machine, so that the log is read from the disk and ' +
        'not from memory; ' +
        'then baton doctor --clear-poison. Surer: baton backup, and baton restore of it on a sound disk, which ' +
        'writes every byte anew',
    },
  ];
}

function condemned({ file, offset, why }: Damage): Finding {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return {
    level: 'trouble',
    code: 'poisoned',
    where: 'log/poison',
    what: `a process found damage in ${name} at byte ${offset} (${why}), and since then nobody writes`,
    next:
      'settle the damage that is shown here; if none is, the log reads soundly now (look at the disk and memory): ' +
      'baton doctor --clear-poison',
  };
}

function checkPlace({ disk, dir, forceNetworkFs, durability }: SurroundingsOptions): Finding[] {
  const findings: Finding[] = [];
  const network = networkFileSystem(disk, dir);
  if (network !== undefined) {
    findings.push({
      level: forceNetworkFs ? 'note' : 'trouble',
      code: 'network-file-system',
      what: `the store is on a network file system (${network}): writers on several machines can overwrite each other`,
      next: forceNetworkFs
        ? 'let only one machine use it at a time'
        : 'move it to a local disk (baton backup, baton restore), or force it with BATON_FORCE_NETWORK_FS=1 for ' +
          'one machine at a time',
    });
  }
  if (durability === 'none') {
    findings.push({
      level: 'note',
      code: 'not-durable',
      what: 'the durability setting is "none": a power loss can take what was answered',
      next: 'run without --durability none and without BATON_DURABILITY unless this is a throw-away store',
    });
  }
  return findings;
}

function checkLinks(files: readonly FoundFile[]): Finding[] {
  return files
    .filter(({ path, stat }) => stat.isSymbolicLink && documentOf(path) === undefined)
    .map(({ path }) => ({
      level: 'trouble',
      code: 'symbolic-link',
      where: path,
      what: 'is a symbolic link: Baton does not follow links inside its store',
      next: 'put the real thing in its place',
    }));
}

/** What servers refuse to open. */
function checkOwner(disk: Disk, dir: string): Finding[] {
  const unsafe = unsafeOwner(disk, dir);
  if (unsafe?.code !== 'store-unsafe') return [];
  return [{ level: 'trouble', code: 'unsafe', what: `${unsafe.why}: no server opens the store`, next: unsafe.how }];
}

/**
 * No other user may read or change a file; documents and blobs, which are never changed in place, are not writable even
 * for their owner.
 */
function checkModes(disk: Disk, dir: string, files: readonly FoundFile[]): Finding[] {
  if (process.platform === 'win32') return [];
  const own = disk.stat(dir);
  const all = own === undefined ? files : [{ path: '.', stat: own }, ...files];
  const loose = all.filter(({ path, stat }) => {
    if (stat.isSymbolicLink) return false;
    return (stat.mode & 0o077) !== 0 || (!stat.isDirectory && isFixed(path) && (stat.mode & 0o200) !== 0);
  });
  if (loose.length === 0) return [];
  const shown = loose.slice(0, SHOWN_EXAMPLES).map(({ path, stat }) => `${path} ${(stat.mode & 0o777).toString(8)}`);
  const more = loose.length > shown.length ? ` and ${loose.length - shown.length} more` : '';
  return [
    {
      level: 'note',
      code: 'permissions',
      what:
        `open to others or writable where it should not be: ${shown.join(', ')}${more} (700 for directories, ` +
        `600 for the log, 400 for documents and blobs)`,
      next: tightened(dir, loose),
    },
  ];
}

/** The commands that take away what is too much: rights of others, and of the owner to write what never changes. */
function tightened(dir: string, loose: readonly FoundFile[]): string {
  const commands: string[] = [];
  if (loose.some(({ stat }) => (stat.mode & 0o077) !== 0)) commands.push(`chmod -R go= ${shellWord(dir)}`);
  const writable = loose.filter(({ path, stat }) => !stat.isDirectory && isFixed(path) && (stat.mode & 0o200) !== 0);
  const folders = [...new Set(writable.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))];
  const places = folders.map((folder) => shellWord(`${dir}/${folder}`)).join(' ');
  if (places !== '') commands.push(`find ${places} -maxdepth 1 -type f -exec chmod 400 {} +`);
  return commands.join(' && ');
}

/** True for files that never change: blobs, and the readable documents. */
function isFixed(path: string): boolean {
  return /^blobs\/[0-9a-f]{64}$/.test(path) || (isInDocumentFolder(path) && path.endsWith('.json'));
}

function checkLeftovers(disk: Disk, dir: string, files: readonly FoundFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, stat } of files) {
    const maker = makerOf(path);
    if (maker === undefined || !isLeftover(maker, Date.now() - stat.mtimeMs)) continue;
    findings.push({
      level: 'note',
      code: 'leftover',
      where: path,
      what: `is a temporary file of process ${maker.pid}, which is gone`,
      next: 'nothing: a server that runs for a while deletes it',
    });
  }
  for (const { path } of files) {
    if (/^log\/(\d{12}\.(jsonl(\.gz)?|index)|turnstile|poison)$/.test(path) || !path.startsWith('log/')) continue;
    if (makerOf(path) === undefined)
      findings.push({ level: 'note', code: 'foreign-file', where: path, what: 'is no part of the log' });
  }
  return [...findings, ...checkTurnstile(disk, dir), ...checkMaintenanceLock(disk, dir)];
}

/** Files that a clock wrote which was ahead, or which this one is behind. */
function checkTimes(files: readonly FoundFile[]): Finding[] {
  const ahead = files.filter(({ stat }) => stat.mtimeMs > Date.now() + FUTURE_MS);
  if (ahead.length === 0) return [];
  const shown = ahead
    .slice(0, SHOWN_EXAMPLES)
    .map(({ path, stat }) => `${path} (${new Date(stat.mtimeMs).toISOString()})`);
  const more = ahead.length > shown.length ? ` and ${ahead.length - shown.length} more` : '';
  return [
    {
      level: 'note',
      code: 'future-file',
      where: ahead[0]?.path ?? '',
      what: `written in the future, by this machine's clock: ${shown.join(', ')}${more}`,
      next:
        'see that the clock of this machine is right. A sign of life of the future counts once, as of the moment it ' +
        'is met; nothing else rests on these times',
    },
  ];
}

function checkTurnstile(disk: Disk, dir: string): Finding[] {
  const holder = readMark((readText(disk, `${dir}/log/turnstile`) ?? '').trim().replaceAll(' ', '-'));
  if (holder === undefined || holder.elsewhere === true || isAlive(holder.pid, holder.start)) return [];
  const what = `was left by process ${holder.pid}, which is gone`;
  const next = 'nothing: the next writer that meets it removes it';
  return [{ level: 'note', code: 'turnstile-left', where: 'log/turnstile', what, next }];
}

function checkMaintenanceLock(disk: Disk, dir: string): Finding[] {
  const stat = disk.stat(`${dir}/maintenance.lock`);
  if (stat === undefined) return [];
  const stale = Date.now() - stat.mtimeMs > LOCK_STALE_MS;
  const what = stale ? 'was left by a process that is gone' : 'is held: a process is writing documents or a checkpoint';
  const next = stale ? 'nothing: the next process that maintains the store takes it over' : 'nothing';
  return [{ level: 'note', code: 'maintenance-lock', where: 'maintenance.lock', what, next }];
}

function whoServes(disk: Disk, dir: string, files: readonly FoundFile[]): { session: string; pid: number }[] {
  const serving: { session: string; pid: number }[] = [];
  for (const { path, stat } of files) {
    const one = path.startsWith('alive/') ? attachmentOf(path.slice('alive/'.length)) : undefined;
    const text = one === undefined ? undefined : readText(disk, `${dir}/${path}`);
    if (one === undefined || text === undefined) continue;
    // Of a process of another place nobody here can tell: it serves as long as it has noted so lately.
    if (servesBy(one, text) ?? Date.now() - stat.mtimeMs < SERVED_MS)
      serving.push({ session: one.session, pid: one.pid });
  }
  return serving;
}

function readText(disk: Disk, path: string): string | undefined {
  try {
    return disk.readFile(path).toString('latin1');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
