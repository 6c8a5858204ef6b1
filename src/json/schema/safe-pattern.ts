// The regular expressions that a schema may hold. JavaScript's engine backtracks, and a pattern written by a model
// could block the process for hours: a pattern is accepted only if its number of tries has a bound. Called by
// schema-rules.ts.

/** The most ways in which the engine may try a pattern on one text: some milliseconds. */
const MAX_TRIES = 100_000;
/** The most atoms with every counted repetition written out, as the engine does it. */
const MAX_SIZE = 1_000;
const MAX_CHARS = 200;

/** The cost of a part of a pattern: in how many ways it may match, and its number of atoms. */
interface Cost {
  ways: number;
  size: number;
}

interface Scan {
  text: string;
  at: number;
  /** The length of the longest text that it is matched against. */
  length: number;
}

class Refused extends Error {}

/**
 * Why a pattern is refused; undefined if matching it against a text of at most `length` characters is quick. Known are
 * characters, escapes, classes, groups, alternatives, `^`, `$` and repetition; not backreferences or lookaround.
 */
export function patternFault(pattern: string, length: number): string | undefined {
  if (pattern.length > MAX_CHARS) return `a pattern may have ${MAX_CHARS} characters`;
  try {
    const scan: Scan = { text: pattern, at: 0, length };
    const { ways, size, branches } = alternatives(scan);
    if (scan.at < pattern.length) return 'it has a ) too many';
    new RegExp(pattern, 'u');
    // Without ^ the engine tries it at every position of the text.
    const tries = ways * (pattern.startsWith('^') && branches === 1 ? 1 : length + 1);
    if (tries <= MAX_TRIES && size <= MAX_SIZE) return undefined;
    return (
      `it could be tried in too many ways on ${length} characters: begin it with ^, repeat less and nothing ` +
      `within a repetition, or lower maxLength`
    );
  } catch (error) {
    if (error instanceof Refused) return error.message;
    if (error instanceof SyntaxError) return 'it is no regular expression';
    throw error;
  }
}

/** The ways of alternatives add up. */
function alternatives(scan: Scan): Cost & { branches: number } {
  const cost = { ...sequence(scan), branches: 1 };
  while (scan.text[scan.at] === '|') {
    scan.at += 1;
    const other = sequence(scan);
    cost.ways += other.ways;
    cost.size += other.size;
    cost.branches += 1;
  }
  return cost;
}

/** The ways of parts in a row multiply. */
function sequence(scan: Scan): Cost {
  const cost: Cost = { ways: 1, size: 0 };
  while (scan.at < scan.text.length && scan.text[scan.at] !== '|' && scan.text[scan.at] !== ')') {
    const one = repeated(atom(scan), quantifier(scan), scan.length);
    // Capped, so that the number stays finite; beyond the limit it need not be exact.
    cost.ways = Math.min(cost.ways * one.ways, Number.MAX_SAFE_INTEGER);
    cost.size = Math.min(cost.size + one.size, Number.MAX_SAFE_INTEGER);
  }
  return cost;
}

function atom(scan: Scan): Cost {
  const next = scan.text[scan.at] ?? '';
  scan.at += 1;
  if (next === '(') return group(scan);
  if (next === '[') skip(scan, /^\^?(?:\\.|[^\]\\])*\]/, 'a class of characters is not closed');
  else if (next === '\\') skip(scan, /^[dDwWsSbBtnrfv^$\\.*+?()[\]{}|/-]/, 'it has an escape that is not for schemas');
  else if ('*+?{'.includes(next)) throw new Refused(`there is nothing to repeat before ${next}`);
  return { ways: 1, size: 1 };
}

function group(scan: Scan): Cost {
  if (scan.text.startsWith('?:', scan.at)) scan.at += 2;
  else if (scan.text[scan.at] === '?') throw new Refused('looking around and named groups are not for schemas');
  const cost = alternatives(scan);
  skip(scan, /^\)/, 'a group is not closed');
  return cost;
}

function skip(scan: Scan, what: RegExp, otherwise: string): void {
  const found = what.exec(scan.text.slice(scan.at));
  if (found === null) throw new Refused(otherwise);
  scan.at += found[0].length;
}

/** How often the preceding atom may match. */
function quantifier(scan: Scan): { least: number; most: number } {
  const found = /^(?:[*+?]|\{(\d{1,3})(,(\d{1,3})?)?\})/.exec(scan.text.slice(scan.at));
  if (found === null) return { least: 1, most: 1 };
  const [all, least = '0', range, most] = found;
  scan.at += all.length;
  if (/^[*+?{]/.test(scan.text.slice(scan.at))) throw new Refused('one repetition follows another');
  if (all === '*') return { least: 0, most: Number.POSITIVE_INFINITY };
  if (all === '+') return { least: 1, most: Number.POSITIVE_INFINITY };
  if (all === '?') return { least: 0, most: 1 };
  const upTo = most === undefined ? Number.POSITIVE_INFINITY : Number(most);
  return { least: Number(least), most: range === undefined ? Number(least) : upTo };
}

/** The sum over all numbers of repetitions: the ways of one match to that power. */
function repeated({ ways, size }: Cost, { least, most }: { least: number; most: number }, length: number): Cost {
  let sum = 0;
  const end = Math.min(most, Math.max(least, length));
  for (let times = least; times <= end && sum <= MAX_TRIES; times += 1) sum += ways ** times;
  return { ways: Math.max(1, sum), size: size * Math.max(1, Number.isFinite(most) ? most : least) };
}
