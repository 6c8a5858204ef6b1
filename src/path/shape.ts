// Reduces a path to its shape, without the names of single items, so that the metrics of calls on ten thousand tasks
// have one entry. Called by telemetry/call-metrics.ts for every call with a path.

/** The most steps that a shape shows; deeper ones are cut off. */
const MAX_STEPS = 8;
const MAX_FIELD = 32;

/**
 * `tasks.task-001.status`, `$.tasks['x 1'].status` → `$.tasks[*].status`. A name of letters and underscores is a
 * field and stays; a name with a digit, sign or space in it, an index, a wildcard, a slice and a filter become `[*]`.
 */
export function shapeOf(path: string): string {
  let shape = '$';
  let at = path.charCodeAt(0) === DOLLAR ? 1 : 0;
  for (let steps = 0; at < path.length; steps += 1) {
    if (steps === MAX_STEPS) return `${shape}…`;
    while (path.charCodeAt(at) <= SPACE) at += 1;
    if (at === path.length) break;
    const dots = at;
    while (path.charCodeAt(at) === DOT) at += 1;
    const from = at;
    let found: string;
    if (path.charCodeAt(at) === OPEN) {
      const end = closing(path, at);
      const quote = path.charCodeAt(at + 1);
      found = quote === SINGLE || quote === DOUBLE ? step(path, at + 2, end - 1) : '[*]';
      at = end + 1;
    } else {
      while (at < path.length && !ENDS.includes(path.charCodeAt(at))) at += 1;
      found = step(path, from, at);
    }
    // The step is a descendant (`..`).
    if (from - dots > 1) shape += found.startsWith('.') ? '.' : '..';
    shape += found;
  }
  return shape;
}

const SPACE = 32;
const [DOT, DOLLAR, OPEN, CLOSE, SINGLE, DOUBLE, BACKSLASH] = [46, 36, 91, 93, 39, 34, 92];
/** A dot, an opening bracket and the white space of RFC 9535 end a name. */
const ENDS: readonly number[] = [DOT, OPEN, SPACE, 9, 10, 13];

function step(path: string, from: number, to: number): string {
  if (to <= from || to - from > MAX_FIELD) return '[*]';
  for (let at = from; at < to; at += 1) {
    const code = path.charCodeAt(at) | 32;
    // Letters (folded to lower case above) and the underscore, which is compared unfolded.
    if ((code < 97 || code > 122) && path.charCodeAt(at) !== 95) return '[*]';
  }
  return `.${path.slice(from, to)}`;
}

/**
 * The position of the bracket that closes the one at `from`, skipping quoted strings; the length of the path if none
 * does.
 */
function closing(path: string, from: number): number {
  let depth = 0;
  for (let at = from; at < path.length; at += 1) {
    const code = path.charCodeAt(at);
    if (code === SINGLE || code === DOUBLE) {
      for (at += 1; at < path.length && path.charCodeAt(at) !== code; at += 1)
        if (path.charCodeAt(at) === BACKSLASH) at += 1;
    } else if (code === OPEN) depth += 1;
    else if (code === CLOSE) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return path.length;
}
