// Whether two file patterns can name one file, the rule of file reservations. Conservative: in doubt they overlap, so
// that two exclusive reservations of one file are never both granted. Pure; used by lock.ts and tools/lock-acquire.ts.
//
// A pattern also covers everything below a path that it matches (a reserved directory includes its contents). Braces
// and brackets count as wildcards, upper and lower case as the same, because some file systems ignore case.

import { fail, ok, type Result } from '../../failure/failure.ts';

const MAX_SEGMENTS = 64;
const WILD = /[*?{}[\]()!+@|^]/;
/** Characters that would make a path look different from what it is. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

/**
 * The normal form of a pattern: relative to the project, `/` between segments. Fails with `invalid-input` if it leaves
 * the project.
 */
export function normalGlob(glob: string, at: string): Result<string> {
  const refuse = (why: string) => fail({ code: 'invalid-input', issues: [{ at, why }] });
  if (glob.includes('\\')) return refuse('use / between directories; a backslash is refused');
  if (UNSEEN.test(glob)) return refuse('control and invisible characters are refused');
  if (glob.startsWith('/') || /^[a-z]:/i.test(glob) || glob.startsWith('~'))
    return refuse('is absolute; give it relative to the project');
  const whole = glob.endsWith('/') ? `${glob}**` : glob;
  const segments = whole.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return refuse('leaves the project');
  if (segments.length === 0) return ok('**');
  if (segments.length > MAX_SEGMENTS) return refuse(`has more than ${MAX_SEGMENTS} segments`);
  return ok(segments.join('/').normalize('NFC'));
}

/** True if both patterns can cover one file. Contract: both are normal. */
export function globsOverlap(a: string, b: string): boolean {
  const [x, y] = [segmentsOf(a), segmentsOf(b)];
  // Fast path: most patterns differ in a plain segment.
  for (let at = 0; at < Math.min(x.length, y.length); at += 1) {
    if (WILD.test(x[at] ?? '') || WILD.test(y[at] ?? '')) break;
    if (x[at] !== y[at]) return false;
  }
  return meet([...x, '**'], [...y, '**']);
}

function segmentsOf(glob: string): string[] {
  const folded = glob.normalize('NFC').toLowerCase();
  // Alternatives with a slash inside may have any depth: from the first one on, anything matches.
  const spanning = folded.search(/[{[(][^}\])]*\//);
  if (spanning >= 0) return [...folded.slice(0, spanning).split('/').slice(0, -1), '**'];
  return folded.split('/');
}

/**
 * Whether two lists of segments can match one path: the usual table of dynamic programming, with `**` for any number of
 * segments.
 */
function meet(a: readonly string[], b: readonly string[]): boolean {
  return table(
    a.length,
    b.length,
    (i) => a[i] === '**',
    (j) => b[j] === '**',
    (i, j) => segmentsMeet(a[i] ?? '', b[j] ?? ''),
  );
}

/** Whether two segments can match one name: `*` in either stands for any characters, `?` for one. */
function segmentsMeet(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [wildcards(a), wildcards(b)];
  return table(
    x.length,
    y.length,
    (i) => x[i] === '*',
    (j) => y[j] === '*',
    (i, j) => x[i] === '?' || y[j] === '?' || x[i] === y[j],
  );
}

/** A segment's characters, with every group and bracket widened to `*`. */
function wildcards(segment: string): string[] {
  const plain = segment.replace(/[{[(].*[}\])]/, '*').replace(/[{}[\]()!+@|^]/g, '*');
  return [...plain.replace(/\*+/g, '*')];
}

/** True if two sequences can be equal, where `any…` items stand for any number of the other's items. */
function table(
  n: number,
  m: number,
  anyA: (i: number) => boolean,
  anyB: (j: number) => boolean,
  same: (i: number, j: number) => boolean,
): boolean {
  // reach[j]: the rest of a from i and the rest of b from j can be equal. Filled from the ends backwards.
  let below: boolean[] = [];
  for (let i = n; i >= 0; i -= 1) {
    const reach: boolean[] = new Array<boolean>(m + 1).fill(false);
    for (let j = m; j >= 0; j -= 1) {
      if (i === n && j === m) reach[j] = true;
      else if (i < n && anyA(i)) reach[j] = below[j] === true || (j < m && reach[j + 1] === true);
      else if (j < m && anyB(j)) reach[j] = reach[j + 1] === true || (i < n && below[j] === true);
      else if (i < n && j < m && same(i, j)) reach[j] = below[j + 1] === true;
    }
    below = reach;
  }
  return below[0] === true;
}
