// Verifies a whole store: reads the log from its first line, rebuilds every document and compares it, and checks the
// store's surroundings. Opens nothing for writing, and works beside writers, whose later lines it ignores. Used by
// restore.ts, repair.ts, redact/redact.ts, cli/offline-verb.ts and the verb doctor.
//
// The order matters. Documents and checkpoint are read first: each was written only once its commit was durable, so the
// log that is read afterwards must have all that they know. In the other order, a live writer would look like damage.

import type { Failure } from '../../failure/failure.ts';
import { type Disk, errnoOf } from '../../store/file/disk.ts';
import { type Damage, LogReader } from '../../store/file/past/log-reader.ts';
import type { Durability } from '../../store/port.ts';
import { countLinesFrom } from './behind-damage.ts';
import { checkBlobs } from './check-blobs.ts';
import { CheckpointCheck } from './check-checkpoint.ts';
import { DocumentCheck } from './check-documents.ts';
import { IndexCheck } from './check-indexes.ts';
import { checkSurroundings } from './check-surroundings.ts';
import { listFiles } from './files.ts';
import { type Finding, isSound, type Report } from './findings.ts';
import { Rebuilder } from './rebuilt.ts';

export interface VerifyOptions {
  disk: Disk;
  dir: string;
  durability: Durability;
  forceNetworkFs: boolean;
}

export interface Verified {
  report: Report;
  reader: LogReader;
  rebuilder: Rebuilder;
}

/** True if the directory has a log; without one it is no store yet. */
export function isStore(disk: Disk, dir: string): boolean {
  return disk.stat(`${dir}/log`) !== undefined;
}

/** Verifies a store. Faults become findings; it throws only file errors of the directory itself. */
export function verifyStore(options: VerifyOptions): Verified {
  const { disk, dir } = options;
  const files = listFiles(disk, dir);
  const checkpoint = new CheckpointCheck(disk, dir);
  const documents = new DocumentCheck(disk, dir, files);
  const indexes = new IndexCheck(disk, dir);
  const reader = new LogReader(disk, `${dir}/log`);
  const rebuilder = new Rebuilder();
  for (const taken of reader.read()) {
    checkpoint.see(reader);
    indexes.see(taken, reader);
    if (taken.kind !== 'commit') continue;
    for (const stream of rebuilder.apply(taken.folded)) {
      const rebuilt = rebuilder.documents.get(stream);
      if (rebuilt !== undefined) documents.see(stream, rebuilt);
    }
  }
  const whole = reader.fault() === undefined;
  documents.finish(rebuilder, whole);
  const checkpointState = checkpoint.finish(reader, whole);
  indexes.finish(files, whole);
  const blobs = checkBlobs(disk, dir, files, rebuilder, reader.fold);
  const surroundings = checkSurroundings(options, files);
  const findings = sorted([
    ...logFindings(options, reader, documents.unjudged),
    ...misfits(rebuilder),
    ...checkpoint.findings,
    ...indexes.findings,
    ...documents.findings,
    ...blobs.findings,
    ...surroundings.findings,
  ]);
  const report: Report = {
    place: dir,
    sound: isSound(findings),
    durability: options.durability,
    format: reader.format,
    seq: reader.fold.seq,
    chain: reader.fold.chain,
    commits: reader.commits,
    log: {
      sizeBytes: reader.sizeBytes,
      segments: reader.segments.length,
      compressed: reader.segments.filter((segment) => segment.compressed).length,
      indexed: indexes.sound,
      voids: reader.voids,
      torn: reader.torn.length,
    },
    documents: {
      rebuilt: [...rebuilder.documents.values()].filter(({ doc }) => doc !== undefined).length,
      current: documents.current,
      older: documents.older,
      edited: documents.edited,
      orphans: documents.orphans,
    },
    requests: [...rebuilder.requests].filter((stream) => reader.fold.heads.has(stream)).length,
    blobs: { named: blobs.named, files: blobs.files, sizeBytes: blobs.sizeBytes },
    checkpoint: checkpointState,
    serving: surroundings.serving,
    findings,
  };
  return { report, reader, rebuilder };
}

const GO_BACK =
  'restore a backup (baton restore); without one, baton backup --before-damage copies what is sound, to be ' +
  'restored into a new directory';

function logFindings({ disk, dir, durability }: VerifyOptions, reader: LogReader, unjudged: number): Finding[] {
  const findings: Finding[] = reader.troubles.map((trouble) => damageFinding(dir, trouble));
  const stopped = reader.stopped;
  // check-surroundings.ts reports a link in place of a segment.
  if (reader.refused === 'ELOOP') return findings;
  if (stopped?.code === 'store-damaged') findings.push(damageFinding(dir, stopped), ...behind(disk, dir, stopped));
  else if (stopped !== undefined) findings.push(newer(stopped, reader.fold.seq));
  if (unjudged > 0) {
    const what = `${unjudged} documents on disk are of what comes after the damage, and were not compared`;
    findings.push({ level: 'note', code: 'documents-not-compared', what });
  }
  if (reader.torn.length > 0) {
    const [first] = reader.torn;
    findings.push({
      level: 'note',
      code: 'torn-lines',
      where: `log, segment ${first?.segment ?? 0}`,
      offset: first?.offset ?? 0,
      what:
        `${reader.torn.length} torn lines (this is the first): a writer died or the disk was full; none of ` +
        `them was acknowledged`,
    });
  }
  if (durability === 'fsync') findings.push(...syncFindings(reader));
  return findings;
}

function damageFinding(dir: string, { file, offset, why }: Damage): Finding {
  const where = file.startsWith(`${dir}/`) ? file.slice(dir.length + 1) : file;
  return { level: 'damage', code: 'log-damaged', where, offset, what: why, next: GO_BACK };
}

/** A note with the number of lines behind the damage. */
function behind(disk: Disk, dir: string, { file, offset }: Damage): Finding[] {
  const segment = Number(/(\d{12})\.jsonl/.exec(file)?.[1] ?? 1);
  const { whole, altered, torn, unreadable } = countLinesFrom(disk, `${dir}/log`, { segment, offset });
  const places = altered.slice(0, 5).map((place) => `${place.segment}@${place.offset}`);
  const parts = [`${whole} whole lines`, `${altered.length} altered ones`, `${torn} torn ones`];
  if (places.length > 0) parts.push(`altered (segment@byte): ${places.join(', ')}`);
  if (unreadable.length > 0) parts.push(`segments that cannot be read: ${unreadable.join(', ')}`);
  return [{ level: 'note', code: 'behind-damage', what: `from there on the log has ${parts.join(', ')}` }];
}

function newer(failure: Failure, seq: number): Finding {
  const found = failure.code === 'store-newer' ? failure.found : 0;
  const what = `the store has format ${found} from seq ${seq} on, which this version does not know`;
  return { level: 'trouble', code: 'store-newer', what, next: 'update Baton; what came before was verified' };
}

function misfits(rebuilder: Rebuilder): Finding[] {
  return [...rebuilder.misfits.values()].map(({ stream, seq, why }) => ({
    level: 'damage',
    code: 'document-broken',
    where: stream,
    what: `its change at seq ${seq} does not fit what it was before (${why})`,
    next: 'only this document is concerned, and it cannot be read any more; please report it, with this text',
  }));
}

function syncFindings(reader: LogReader): Finding[] {
  try {
    reader.flush();
    return [];
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    // check-surroundings.ts reports a link in place of a segment.
    if (errno === 'ELOOP') return [];
    const what = `the log cannot be made durable (${errno}): the disk is in trouble`;
    return [
      { level: 'trouble', code: 'sync-failed', where: 'log', what, next: 'take a baton backup to another disk now' },
    ];
  }
}

/** Sorts the worst findings first; those of one level stay in the order of the checks. */
function sorted(findings: Finding[]): Finding[] {
  const rank = { damage: 0, trouble: 1, note: 2 };
  return findings.sort((a, b) => rank[a.level] - rank[b.level]);
}
