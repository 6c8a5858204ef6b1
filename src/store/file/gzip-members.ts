// A compressed segment is a row of gzip members, each of whole lines: any gzip reads it, and one line can be had
// without inflating the rest. Nothing beside the file says where they begin. Used by seal.ts and segment-reader.ts.

import { promisify } from 'node:util';
import { zlib } from './zlib.ts';

/** Text per member: 1.4 % larger in all than one member, and half a millisecond to inflate. */
const MEMBER_BYTES = 256 * 1024;
/**
 * How each of ours begins: gzip, deflate, no flags, no time, default level. In lines, which are JSON, 0x1f cannot
 * stand.
 */
const MEMBER_START = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0]);
/** The size of the text, modulo 2^32, ends a member. */
const SIZE_BYTES = 4;

/** Where a member is in the file, and what it holds of the text. */
export interface Member {
  start: number;
  end: number;
  textStart: number;
  textEnd: number;
}

/** Compresses on another thread: tens of megabytes would hold up every call for as long as they take. */
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
 * The members of a compressed file. A guess: that each is one shows when it inflates to the size it claims, see
 * `inflateMember`. A file that somebody compressed anew may be a single one.
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

/** The text of one member from its bytes; undefined if they are not a whole member with that much text. */
export function inflateMember(bytes: Buffer, member: Member): Buffer | undefined {
  try {
    const text = zlib().gunzipSync(bytes);
    return text.length === member.textEnd - member.textStart ? text : undefined;
  } catch {
    return undefined;
  }
}
