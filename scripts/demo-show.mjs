// The output of the demo: steps with their time, checked expectations, tables. Used by demo.mjs.

const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
const startedAt = performance.now();
const failed = [];

export function say(text = '') {
  process.stdout.write(`${text}\n`);
}

export function step(title) {
  const at = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  say(`\n${paint(2, `${at} s`)}  ${paint(1, title)}`);
}

export function detail(text) {
  say(`         ${text}`);
}

/** Prints whether an expectation holds, and counts it as a failure if it does not. */
export function expect(holds, text) {
  detail(`${holds ? paint(32, '✓') : paint(31, '✗')} ${text}`);
  if (!holds) failed.push(text);
}

export function table(rows) {
  const keys = Object.keys(rows[0] ?? {});
  const width = (key) => Math.max(key.length, ...rows.map((row) => String(row[key]).length));
  const line = (cells) => cells.map((cell, i) => String(cell).padEnd(width(keys[i]))).join('  ');
  detail(paint(2, line(keys)));
  for (const row of rows) detail(line(keys.map((key) => row[key])));
}

export function seconds() {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}

/** The expectations that did not hold. */
export function failures() {
  return failed;
}
