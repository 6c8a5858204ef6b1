// Reads texts from files or standard input that must not be on a command line, which other users see in the list of
// processes and shells keep in their history. Used by tool-command.ts and verbs/redact.ts.

import fs from 'node:fs';
import path from 'node:path';
import { fail, ok, type Result } from '../failure/failure.ts';
import { errnoOf } from '../store/file/disk.ts';

const STDIN = '-';

export interface TextSource {
  cwd: string;
  /** The argument that names the files, for a refusal. */
  at: string;
  /** A larger file is not the one that was meant. */
  maxBytes: number;
  /** Asked on a terminal before standard input is read. */
  prompt: string;
}

/**
 * The text of each file without its last newline; `-` is standard input. Fails with `invalid-input` if a file cannot be
 * read, is no UTF-8 text or is too large.
 */
export async function readTextFiles(names: readonly string[], source: TextSource): Promise<Result<string[]>> {
  const { cwd, at, maxBytes } = source;
  const refuse = (why: string) => fail({ code: 'invalid-input', issues: [{ at, why }] });
  if (names.filter((name) => name === STDIN).length > 1) return refuse('can be - once: standard input is one text');
  const texts: string[] = [];
  for (const name of names) {
    const bytes = name === STDIN ? await fromStdin(source) : fromFile(path.resolve(cwd, name), maxBytes);
    if (typeof bytes === 'string') return refuse(bytes);
    if (bytes.length > maxBytes) return refuse(`has more than ${maxBytes / 1024} KiB`);
    const text = bytes.toString('utf8');
    if (!Buffer.from(text).equals(bytes)) return refuse('is no UTF-8 text');
    texts.push(text.replace(/\r?\n$/, ''));
  }
  return ok(texts);
}

/** The bytes of a file, at most one too many because a device has no end; a string says why it cannot be read. */
function fromFile(file: string, maxBytes: number): Buffer | string {
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, 'r');
    const bytes = Buffer.alloc(maxBytes + 1);
    let size = 0;
    for (let took = 1; took > 0 && size < bytes.length; size += took)
      took = fs.readSync(fd, bytes, size, bytes.length - size, null);
    return bytes.subarray(0, size);
  } catch (error) {
    const code = errnoOf(error) ?? 'unknown';
    return code === 'ENOENT' ? 'names no file' : `cannot be read (${code})`;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

async function fromStdin({ prompt, maxBytes }: TextSource): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write(`${prompt}, then Ctrl-D on a line of its own:\n`);
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin) {
    pieces.push(Buffer.from(piece));
    size += piece.length;
    if (size > maxBytes) break;
  }
  return Buffer.concat(pieces);
}
