// Reads parts of a segment by offset: a stretch of text, or one line. Of a compressed segment it inflates only the
// members needed, and keeps the last few in memory. Used by history.ts, segment-walk.ts and index-segments.ts.

import { FailureError } from '../../../failure/failure.ts';
import { type Disk, errnoOf } from '../disk.ts';
import { inflateMember, type Member, membersOf } from '../gzip-members.ts';
import { readCompressed, segmentPath } from '../segments.ts';

/** How much inflated text is kept. */
const HELD_BYTES = 8 * 1024 * 1024;
/** The length read first for a line; most lines fit. */
const LINE_BYTES = 4 * 1024;

export class SegmentReader {
  private readonly disk: Disk;
  private readonly logDir: string;
  private readonly members = new Map<number, readonly Member[]>();
  /** Inflated members by `segment@textStart`, the least recently used one first. */
  private readonly held = new Map<string, Buffer>();
  private heldBytes = 0;

  constructor(disk: Disk, logDir: string) {
    this.disk = disk;
    this.logDir = logDir;
  }

  /**
   * The text of a segment from an offset on, with at least one newline unless none follows; empty at the end. Of a
   * plain segment it has about `about` bytes, of a compressed one the rest of a member. Throws FailureError
   * `store-damaged` if the segment is missing or cannot be inflated.
   */
  textFrom(segment: number, offset: number, about: number): Buffer {
    const found = this.compressedFrom(segment, offset) ?? this.plainFrom(segment, offset, about);
    // If neither form was found, it has been compressed since the first look.
    const late = found ?? this.compressedFrom(segment, offset);
    if (late !== undefined) return late;
    const file = segmentPath(this.logDir, segment);
    throw new FailureError({ code: 'store-damaged', file, offset: 0, why: 'this segment is missing' });
  }

  /**
   * The line that begins at an offset, without its newline; undefined if no newline follows. Throws like `textFrom`.
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

  /** As `textFrom`, for the compressed form, which is preferred to a plain one; undefined if there is none. */
  private compressedFrom(segment: number, offset: number): Buffer | undefined {
    const members = this.membersIn(segment);
    if (members === undefined) return undefined;
    const last = members.at(-1);
    const member = members.find(({ textEnd }) => offset < textEnd) ?? last;
    const text = member === undefined ? undefined : this.textOf(segment, member)?.subarray(offset - member.textStart);
    // A member that Baton wrote ends with a line end; a line of another tool's member may continue in the next one.
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

  /** Inflates the whole file, after its guessed members have proved wrong; from now on it counts as one member. */
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
