// Checks the index file of every segment, byte for byte, against the index that the log gives: the same segment always
// gives the same file. Used by verify.ts.

import { type Disk, errnoOf } from '../../store/file/disk.ts';
import { indexPath } from '../../store/file/past/index-file.ts';
import { decodeIndex, encodeIndex } from '../../store/file/past/index-text.ts';
import type { LogReader, TakenLine } from '../../store/file/past/log-reader.ts';
import { type FoldPosition, type SealedIndex, SegmentIndex } from '../../store/file/past/segment-index.ts';
import type { FoundFile } from './files.ts';
import type { Finding } from './findings.ts';

export class IndexCheck {
  /** Number of segments with a correct index file. */
  sound = 0;
  readonly findings: Finding[] = [];
  private readonly disk: Disk;
  private readonly dir: string;
  private before: FoldPosition = { seq: 0, chain: '', sealed: '' };
  private growing: SegmentIndex | undefined;
  private readonly sealed = new Set<string>();

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.dir = dir;
  }

  /** Called for each line with a seq, right after it was folded. */
  see(taken: TakenLine, reader: LogReader): void {
    const { segment, offset } = taken.place;
    if (this.growing?.segment !== segment) this.growing = new SegmentIndex(this.before);
    if (taken.kind === 'commit') {
      this.growing.add(offset, taken.folded.sum, taken.folded.commit);
      return;
    }
    const sum = taken.line.toString('latin1', taken.line.length - 18, taken.line.length - 2);
    this.growing.close(offset, sum, taken.seal, reader.fold);
    this.before = this.growing.after ?? this.before;
    this.compare(this.growing as SealedIndex);
  }

  /** Called once, after the last readable line; `whole` is true if the log was read to its end without a fault. */
  finish(files: readonly FoundFile[], whole: boolean): void {
    for (const { path: where } of files) {
      if (!whole || !/^log\/\d{12}\.index$/.test(where) || this.sealed.has(where)) continue;
      const what = 'speaks of a segment that no seal ends: nothing reads it';
      this.findings.push({ level: 'note', code: 'index-stray', where, what, next: 'delete it' });
    }
  }

  private compare(index: SealedIndex): void {
    const path = indexPath(`${this.dir}/log`, index.segment);
    const where = path.slice(this.dir.length + 1);
    this.sealed.add(where);
    const bytes = readIfThere(this.disk, path);
    if (bytes === undefined) return;
    if (bytes.equals(encodeIndex(index))) this.sound += 1;
    else if (decodeIndex(bytes) === undefined)
      this.note({ level: 'note', code: 'index-unreadable', where, what: 'cannot be read, so its segment is folded' });
    else this.note({ level: 'trouble', code: 'index-wrong', where, what: 'is not what the log makes of its segment' });
  }

  private note(finding: Finding): void {
    const next = 'baton doctor --rebuild-documents writes it afresh; it is a cache, the log has everything';
    this.findings.push({ ...finding, next });
  }
}

function readIfThere(disk: Disk, path: string): Buffer | undefined {
  try {
    return disk.stat(path) === undefined ? undefined : disk.readFile(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return Buffer.alloc(0);
  }
}
