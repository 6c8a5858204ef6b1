// Compressed segments: a sequence of gzip members (RFC 1952), each of whole lines. Any gzip tool reads the file, and
// one line can be read without inflating the rest. No index lists the members: they are found by their header. Used by
// seal.ts and segment-reader.ts.

import { promisify } from 'node:util';
import { isSeal, MAX_LINE_BYTES, parseLine, soundSum } from '../commit.ts';
import { zlib } from './zlib.ts';

/**
 * Text per member. Measured: the file is 1.4 % larger than a single member, and one member inflates in half a
 * millisecond.
 */
const MEMBER_BYTES = 256 * 1024;
/** The header of each member written here: gzip, deflate, no flags, no time, default level. */
const MEMBER_START = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0]);
/** A member ends with the size of its text, modulo 2^32. */
const SIZE_BYTES = 4;
/** The most text of a member that Baton wrote, which ends with the line that passed MEMBER_BYTES. */
const MOST_BYTES = MEMBER_BYTES + MAX_LINE_BYTES;
/**
 * How far a file is inflated whose seal is not in its last member, because another tool compressed it as one: to this
 * size, or by this factor where that is more. The log has sums and ids in each line, which hardly compress.
 */
const UNSEALED_BYTES = 128 * 1024 * 1024;
const UNSEALED_FACTOR = 64;

/** The byte range of a member in the file, and of its text in the whole text. */
export interface Member {
  start: number;
  end: number;
  textStart: number;
  textEnd: number;
}

/** Compresses on another thread: tens of megabytes on this one would block every call. */
export async function gzipMembers(text: Buffer): Promise<Buffer> {
  const compress = promisify(zlib().gzip);
  const members: Buffer[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf(10, start + MEMBER_BYTES - 1);
    const end = newline < 0 ? text.length : newline + 1;
    members.push(await compress(text.subarray(start, end)));
    start = end;
  }
  return members.length === 0 ? compress(text) : Buffer.concat(members);
}

/**
 * The members of a compressed file, guessed by their headers, which compressed bytes may contain by chance:
 * `inflateMember` finds a wrong guess. A file that another tool compressed may be a single member.
 */
export function membersOf(file: Buffer): Member[] {
  const members: Member[] = [];
  let textStart = 0;
  for (let start = 0; start < file.length; ) {
    const next = file.indexOf(MEMBER_START, start + MEMBER_START.length);
    const end = next < 0 ? file.length : next;
    const size = end - start < SIZE_BYTES ? 0 : file.readUInt32LE(end - SIZE_BYTES);
    members.push({ start, end, textStart, textEnd: textStart + size });
    textStart += size;
    start = end;
  }
  return members;
}

/** The text of one member; undefined if the bytes are not a whole member with a text of the expected size. */
export function inflateMember(bytes: Buffer, member: Member): Buffer | undefined {
  const size = member.textEnd - member.textStart;
  // Believe no size that Baton would not have written: the bytes may have been made to fill the memory.
  if (size > MOST_BYTES) return undefined;
  try {
    const text = zlib().gunzipSync(bytes, { maxOutputLength: Math.max(1, size) });
    return text.length === size ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The whole text of a compressed segment. Inflates no further than its seal says, so that a small file cannot fill the
 * memory. Throws the errors of zlib, RangeError (ERR_BUFFER_TOO_LARGE) for a longer text.
 */
export function inflateSegment(file: Buffer): Buffer {
  return zlib().gunzipSync(file, { maxOutputLength: mostBytes(file) });
}

/**
 * As `inflateSegment`, on another thread, member by member: to put the parts of a whole file together at its end would
 * hold up calls for as long as all of it takes to copy.
 */
export async function inflateSegmentLater(file: Buffer): Promise<Buffer> {
  const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib().gunzip);
  const most = mostBytes(file);
  const members = membersOf(file);
  const size = members.at(-1)?.textEnd ?? 0;
  const text = size <= most ? Buffer.allocUnsafe(size) : undefined;
  for (const { start, end, textStart, textEnd } of text === undefined ? [] : members) {
    const maxOutputLength = Math.max(1, textEnd - textStart);
    const part = await inflate(file.subarray(start, end), { maxOutputLength }).catch(() => undefined);
    // The header of a member stood by chance in compressed bytes, or the file is damaged: the whole tells.
    if (text === undefined || part?.length !== textEnd - textStart) return inflate(file, { maxOutputLength: most });
    part.copy(text, textStart);
  }
  return text ?? inflate(file, { maxOutputLength: most });
}

function mostBytes(file: Buffer): number {
  const sealed = sealedBytes(file);
  // A void line may stand in the last member alone, behind the seal that counts.
  return sealed === undefined ? Math.max(UNSEALED_BYTES, file.length * UNSEALED_FACTOR) : sealed + MOST_BYTES;
}

/**
 * The most bytes that the text has by the seals in the last member; undefined if none is there. There may be several: a
 * process that was stopped while it sealed writes its own later, which says the same size and is void.
 */
function sealedBytes(file: Buffer): number | undefined {
  const last = membersOf(file).at(-1);
  const text = last === undefined ? undefined : inflateMember(file.subarray(last.start, last.end), last);
  let most: number | undefined;
  for (let end = text?.length ?? 0; text !== undefined && end > 0; ) {
    // A negative place would count from the end.
    const start = end < 2 ? 0 : text.lastIndexOf(10, end - 2) + 1;
    const line = text.subarray(start, text[end - 1] === 10 ? end - 1 : end);
    const body = line.includes('"seal"') && soundSum(line) !== undefined ? parseLine(line) : undefined;
    // Void lines may follow the seal.
    if (isSeal(body)) most = Math.max(most ?? 0, body.seal.bytes + text.length - start);
    end = start;
  }
  return most;
}
