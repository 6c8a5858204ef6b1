// Which regular expressions a schema may carry. JavaScript's engine backtracks, and a pattern that a model wrote could
// hold the process for hours: only such are let through whose tries can be counted beforehand. Called by
// schema-rules.ts.

/** The most ways in which a pattern may be tried on one text: some milliseconds at worst. */
const MAX_TRIES = 100_000;
/** Atoms once every counted repetition is written out, as the engine does it. */
const MAX_SIZE = 1_000;
const MAX_CHARS = 200;

/** What a part of a pattern costs: the ways to match it, and its size. */
interface Cost {
  ways: number;
  size: number;
}

interface Scan {
  text: string;
  at: number;
  /** Characters of the longest text that it is matched against. */
  length: number;
}

class Refused extends Error {}

/**
 * Undefined if matching the pattern against a text of at most `length` characters is quick; else why it is refused.
 * Known are characters, escapes, classes, groups, alternatives, `^`, `$` and repetition: no backreferences, no looking
 * around.
 */
export function patternFault(pattern: string, length: number): string | undefined {
  if (pattern.length > MAX_CHARS) return `a pattern may have ${MAX_CHARS} characters`;
  try {
    const scan: Scan = { text: pattern, at: 0, length };
    const { ways, size, branches } = alternatives(scan);
    if (scan.at < pattern.length) return 'it has a ) too many';
    new RegExp(pattern, 'u');
    // Without ^ it is tried from every place of the text.
    const tries = ways * (pattern.startsWith('^') && branches === 1 ? 1 : length + 1);
    if (tries <= MAX_TRIES && size <= MAX_SIZE) return undefined;
    return `it could be tried in too many ways on ${length} characters: begin it with ^, repeat less and nothing within a repetition, or lower maxLength`;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    if (error instanceof SyntaxError) return 'it is no regular expression';
    throw error;
  }
}

/** The ways to match are those of one alternative, and those of another one. */
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

/** Each way to match a part may come with each way to match the next. */
function sequence(scan: Scan): Cost {
  const cost: Cost = { ways: 1, size: 0 };
  while (scan.at < scan.text.length && scan.text[scan.at] !== '|' && scan.text[scan.at] !== ')') {
    const one = repeated(atom(scan), quantifier(scan), scan.length);
    // Beyond any limit a number need not be exact, but stay one.
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

/** How often the atom before it may match. */
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

/** For each number of times the ways of one match, that often multiplied. */
function repeated({ ways, size }: Cost, { least, most }: { least: number; most: number }, length: number): Cost {
  let sum = 0;
  const end = Math.min(most, Math.max(least, length));
  for (let times = least; times <= end && sum <= MAX_TRIES; times += 1) sum += ways ** times;
  return { ways: Math.max(1, sum), size: size * Math.max(1, Number.isFinite(most) ? most : least) };
}
