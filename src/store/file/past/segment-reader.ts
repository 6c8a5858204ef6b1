// Parts of segments by their place: the text that follows it, or one line. Of a compressed segment only the members
// asked for are inflated, and the last few are held. Used by history.ts and segment-walk.ts.

import { FailureError } from '../../../failure/failure.ts';
import { type Disk, errnoOf } from '../disk.ts';
import { inflateMember, type Member, membersOf } from '../gzip-members.ts';
import { readCompressed, segmentPath } from '../segments.ts';

/** What is held of inflated text. */
const HELD_BYTES = 8 * 1024 * 1024;
/** Enough for most lines. */
const LINE_BYTES = 4 * 1024;

export class SegmentReader {
  private readonly disk: Disk;
  private readonly logDir: string;
  private readonly members = new Map<number, readonly Member[]>();
  /** Inflated members by `segment@textStart`, the least lately used first. */
  private readonly held = new Map<string, Buffer>();
  private heldBytes = 0;

  constructor(disk: Disk, logDir: string) {
    this.disk = disk;
    this.logDir = logDir;
  }

  /**
   * The text of a segment from an offset on: with at least one newline if there is one, of a plain segment some `about`
   * bytes. Empty at the end. Throws FailureError `store-damaged` if the segment is gone or cannot be decompressed.
   */
  textFrom(segment: number, offset: number, about: number): Buffer {
    const found = this.compressedFrom(segment, offset) ?? this.plainFrom(segment, offset, about);
    // Compressed since we looked, if it has neither form.
    const late = found ?? this.compressedFrom(segment, offset);
    if (late !== undefined) return late;
    const file = segmentPath(this.logDir, segment);
    throw new FailureError({ code: 'store-damaged', file, offset: 0, why: 'this segment is missing' });
  }

  /**
   * The line that begins at an offset, without its newline; undefined if none ends after it. Throws as `textFrom` does.
   */
  lineAt(segment: number, offset: number): Buffer | undefined {
    const text = this.textFrom(segment, offset, LINE_BYTES);
    const end = text.indexOf(10);
    return end < 0 ? undefined : text.subarray(0, end);
  }

  private plainFrom(segment: number, offset: number, about: number): Buffer | undefined {
    let fd: number;
    try {
      fd = this.disk.open(segmentPath(this.logDir, segment), 'read');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      for (let length = about; ; length *= 4) {
        const bytes = Buffer.allocUnsafe(length);
        let count = 0;
        for (let took = 1; took > 0 && count < length; count += took)
          took = this.disk.read(fd, bytes, count, length - count, offset + count);
        const text = bytes.subarray(0, count);
        if (count < length || text.includes(10)) return text;
      }
    } finally {
      this.disk.close(fd);
    }
  }

  /** Undefined if there is no compressed form. Where there is one it counts, whatever stands beside it. */
  private compressedFrom(segment: number, offset: number): Buffer | undefined {
    const members = this.membersIn(segment);
    if (members === undefined) return undefined;
    const last = members.at(-1);
    const member = members.find(({ textEnd }) => offset < textEnd) ?? last;
    const text = member === undefined ? undefined : this.textOf(segment, member)?.subarray(offset - member.textStart);
    // Members of ours end with a line; of anybody else's the next may have the rest.
    if (text !== undefined && (text.includes(10) || member === last)) return text;
    return this.inflateAll(segment)?.subarray(offset);
  }

  private membersIn(segment: number): readonly Member[] | undefined {
    const known = this.members.get(segment);
    if (known !== undefined) return known;
    const path = `${segmentPath(this.logDir, segment)}.gz`;
    if (this.disk.stat(path) === undefined) return undefined;
    const members = membersOf(this.disk.readFile(path));
    this.members.set(segment, members);
    return members;
  }

  private textOf(segment: number, member: Member): Buffer | undefined {
    const key = `${segment}@${member.textStart}`;
    const held = this.held.get(key);
    if (held !== undefined) {
      this.held.delete(key);
      this.held.set(key, held);
      return held;
    }
    const text = this.inflate(segment, member);
    if (text !== undefined) this.hold(key, text);
    return text;
  }

  private inflate(segment: number, member: Member): Buffer | undefined {
    const bytes = Buffer.allocUnsafe(member.end - member.start);
    const fd = this.disk.open(`${segmentPath(this.logDir, segment)}.gz`, 'read');
    try {
      let count = 0;
      for (let took = 1; took > 0 && count < bytes.length; count += took)
        took = this.disk.read(fd, bytes, count, bytes.length - count, member.start + count);
      return inflateMember(bytes.subarray(0, count), member);
    } finally {
      this.disk.close(fd);
    }
  }

  /** For a file whose members are not what they seemed: from here on it counts as one. */
  private inflateAll(segment: number): Buffer | undefined {
    const text = readCompressed(this.disk, this.logDir, segment);
    if (text === undefined) return undefined;
    const end = this.disk.stat(`${segmentPath(this.logDir, segment)}.gz`)?.size ?? 0;
    this.members.set(segment, [{ start: 0, end, textStart: 0, textEnd: text.length }]);
    this.hold(`${segment}@0`, text);
    return text;
  }

  private hold(key: string, text: Buffer): void {
    this.heldBytes += text.length - (this.held.get(key)?.length ?? 0);
    this.held.delete(key);
    this.held.set(key, text);
    for (const [oldest, { length }] of this.held) {
      if (this.heldBytes <= HELD_BYTES || oldest === key) break;
      this.held.delete(oldest);
      this.heldBytes -= length;
    }
  }
}
