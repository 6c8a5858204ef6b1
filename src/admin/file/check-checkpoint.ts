// Checks the checkpoint against the fold from the first line. Opening a store by its checkpoint decides which lines are
// valid, so at its seq it must equal that fold exactly. Read before the log. Used by verify.ts.

import type { Json } from '../../json/json.ts';
import { deepEqual } from '../../json/merge.ts';
import { type Checkpoint, checkpointPath, readCheckpoint } from '../../store/file/caches/checkpoint.ts';
import type { Disk } from '../../store/file/disk.ts';
import type { LogReader } from '../../store/file/past/log-reader.ts';
import type { Finding, Report } from './findings.ts';

const WHERE = 'checkpoint.json';

export class CheckpointCheck {
  readonly findings: Finding[] = [];
  private readonly kept: Checkpoint | undefined;
  private state: Report['checkpoint']['state'];

  constructor(disk: Disk, dir: string) {
    this.kept = readCheckpoint(disk, dir);
    this.state = 'absent';
    if (this.kept !== undefined) this.state = 'not judged';
    else if (disk.stat(checkpointPath(dir)) !== undefined) this.noteUnreadable();
  }

  /** Called after each line with a seq; compares when the fold reaches the checkpoint's seq. */
  see(reader: LogReader): void {
    const { kept } = this;
    if (kept === undefined || kept.fold.seq !== reader.fold.seq) return;
    const { chain, sealed, streams } = reader.fold.state();
    const faults: string[] = [];
    if (kept.fold.chain !== chain || kept.fold.sealed !== sealed) faults.push('the chain');
    if (!sameStreams(kept.fold.streams, streams)) faults.push('the streams');
    if (!fitsPlace(kept, reader)) faults.push('the place in the log');
    this.state = faults.length === 0 ? 'fits' : 'wrong';
    if (faults.length === 0) return;
    this.findings.push({
      level: 'trouble',
      code: 'checkpoint-wrong',
      where: WHERE,
      what: `is not what the log makes at seq ${kept.fold.seq} (${faults.join(', ')})`,
      next: 'close all servers, then baton doctor --rebuild-documents; it is a cache, the log has everything',
    });
  }

  /** Called once, after the last readable line; `whole` is true if the log was read to its end without a fault. */
  finish(reader: LogReader, whole: boolean): Report['checkpoint'] {
    const { kept } = this;
    if (kept === undefined) return { state: this.state };
    if (this.state === 'not judged' && whole) {
      this.state = 'wrong';
      this.findings.push({
        level: 'damage',
        code: 'checkpoint-ahead',
        where: WHERE,
        what: `knows ${kept.fold.seq} lines, and the log holds only ${reader.fold.seq}: the log was cut or replaced`,
        next:
          'restore a backup that has them (baton restore); to go on without them: baton backup, and restore ' +
          'that into a new directory',
      });
    }
    return { state: this.state, seq: kept.fold.seq };
  }

  private noteUnreadable(): void {
    this.state = 'unreadable';
    this.findings.push({
      level: 'note',
      code: 'checkpoint-unreadable',
      where: WHERE,
      what: 'cannot be read by this version; opening the store reads the whole log instead',
      next: 'nothing: the next server that is idle writes it anew; if it comes back, look at the disk',
    });
  }
}

/**
 * True if the checkpoint's place is the end of the line with its seq. The checkpoint's own sum was checked on reading
 * it.
 */
function fitsPlace(kept: Checkpoint, reader: LogReader): boolean {
  // The line is a seal, and nothing of the next segment is read yet.
  if (reader.fold.isEnded()) return kept.offset === 0 && kept.segment === kept.fold.seq + 1 && kept.lineSum === '';
  const note = reader.segments.at(-1);
  return note?.firstSeq === kept.segment && note.end === kept.offset && note.lastSum === kept.lineSum;
}

function sameStreams(a: Checkpoint['fold']['streams'], b: Checkpoint['fold']['streams']): boolean {
  // Compare without prototypes: a stream of a foreign line may be named `__proto__`.
  return deepEqual(Object.assign(Object.create(null), a) as Json, Object.assign(Object.create(null), b) as Json);
}
