// Resolves the allow-list to programs, once when the process starts: a name that was looked up again at each start
// would find, with `.` or `node_modules/.bin` on PATH, a file that an agent has written. Used by settings.ts.

import { accessSync, constants, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** `file`: what is started, without links. `name`: what it is told it was called by, which some programs go by. */
export type Program = { ok: true; file: string; name: string } | { ok: false; why: string };

/** One program that a word of the allow-list may stand for. `places`: each link on the way to it, and itself. */
interface Located {
  file: string;
  name: string;
  places: readonly string[];
}

/** The programs that each word of an allow-list stood for when the process started, the first on PATH first. */
export type LocatedPrograms = ReadonlyMap<string, readonly Located[]>;

/** How many links a name may lead through. */
const MAX_LINKS = 40;

/** Looks up every word of the allow-list. `path`: the PATH of this process, of which relative entries are left out. */
export function locatePrograms(allowList: readonly string[], path: string | undefined): LocatedPrograms {
  const directories = (path ?? '').split(delimiter).filter((entry) => isAbsolute(entry));
  const endings = process.platform === 'win32' ? ['', '.exe', '.com'] : [''];
  const placesOf = (word: string): string[] =>
    isAbsolute(word) ? [word] : directories.flatMap((at) => endings.map((ending) => join(at, word + ending)));
  return new Map(allowList.map((word) => [word, placesOf(word).flatMap((place) => locate(place) ?? [])]));
}

/** Of each word the first program that nobody in the workspace could have put there. */
export function outsideWorkspace(located: LocatedPrograms, workspaceRoot: string): ReadonlyMap<string, Program> {
  const root = realOr(workspaceRoot);
  return new Map([...located].map(([word, found]) => [word, chosen(word, found, root)]));
}

/** The directories of a PATH that are absolute and lie outside the workspace. */
export function outsidePath(path: string | undefined, workspaceRoot: string): string[] {
  const root = realOr(workspaceRoot);
  return (path ?? '').split(delimiter).filter((entry) => isAbsolute(entry) && !isInside(root, realOr(entry)));
}

function chosen(word: string, found: readonly Located[], root: string): Program {
  const outside = found.find(({ places }) => !places.some((place) => isInside(root, place)));
  if (outside !== undefined) return { ok: true, file: outside.file, name: outside.name };
  const [first] = found;
  const what =
    first === undefined
      ? `no program "${word}" was found when this server started${isAbsolute(word) ? '' : ', on its PATH'}`
      : `"${first.name}" lies in the workspace, where an agent may write it; list a program outside of it`;
  return { ok: false, why: what };
}

/** The program at a path; undefined if there is none that can be executed. */
function locate(path: string): Located | undefined {
  try {
    accessSync(path, constants.X_OK);
    if (!statSync(path).isFile()) return undefined;
    const places: string[] = [];
    for (let at = path; places.length < MAX_LINKS; ) {
      const place = resolve(realpathSync(dirname(at)), relative(dirname(at), at));
      places.push(place);
      if (!lstatSync(place).isSymbolicLink()) return { file: place, name: path, places };
      at = resolve(dirname(place), readlinkSync(place));
    }
    return undefined;
  } catch {
    return undefined;
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
