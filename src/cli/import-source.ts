// Reads the files of a source for verbs/import.ts: one file, or the files of a directory that the kind of source reads.
// Follows no symbolic links.

import fs from 'node:fs';
import path from 'node:path';
import { decodeText } from '../admin/import/decode.ts';
import type { Note, SourceFile, SourceKind } from '../admin/import/shape.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { withPath } from '../store/file/disk.ts';

const MAX_FILES = 20_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 6;

/** The files read, and their place: the given path, or the file itself if a directory holds just one. */
export interface Source {
  files: SourceFile[];
  place: string;
  /** Files whose bytes are not all text. */
  odd: Note[];
}

/** The files of a source, sorted by name. Fails with `invalid-input` if there are none, too many, or too large ones. */
export function readSource(place: string, kind: SourceKind): Result<Source> {
  const stat = fs.lstatSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return refuse('there is no such file or directory');
  const names = stat.isDirectory() ? filesBelow(place, kind.reads) : [''];
  if (names.length === 0)
    return refuse(
      `no file in it has a name that this source is known by (files with ${kind.called}): name the file itself`,
    );
  if (names.length > MAX_FILES) return refuse(`it has more than ${MAX_FILES} files`);
  let bytes = 0;
  const files: SourceFile[] = [];
  const odd: Note[] = [];
  for (const name of names) {
    const file = path.join(place, name);
    bytes += fs.statSync(file).size;
    if (bytes > MAX_BYTES) return refuse(`it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
    const shown = name === '' ? path.basename(place) : name;
    const decoded = decodeText(withPath(file, () => fs.readFileSync(file)));
    files.push({ name: shown, text: decoded.text });
    if (decoded.odd !== undefined) odd.push({ item: shown, why: decoded.odd });
  }
  const [only, ...others] = names;
  return ok({ files, odd, place: only === undefined || others.length > 0 ? place : path.join(place, only) });
}

function filesBelow(root: string, reads: RegExp): string[] {
  const found: string[] = [];
  const walk = (below: string, depth: number): void => {
    for (const entry of fs.readdirSync(path.join(root, below), { withFileTypes: true })) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && depth < MAX_DEPTH) walk(name, depth + 1);
      else if (entry.isFile() && reads.test(name)) found.push(name);
    }
  };
  walk('', 0);
  return found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function refuse(why: string): Result<never> {
  return fail({ code: 'invalid-input', issues: [{ at: '<source>', why }] });
}
