// `npm run bench [-- --only <word>] [--rounds 5]`: measures every row and its floor in the same run, and writes a table
// and bench/results.json. It never fails a build.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchContext, holds, median, type NotMeasured, type Row, ratioOf } from './lib/measure.ts';
import { rowGroups } from './rows/index.ts';

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string' }, built: { type: 'string' } },
});
const root = process.cwd();
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'baton-bench-'));
let dirs = 0;

const context: BenchContext = {
  built: flags.built ?? '',
  benchDir: path.join(root, 'bench'),
  baton: path.join(root, 'dist/main.js'),
  freshDir: () => {
    dirs += 1;
    const dir = path.join(scratch, String(dirs));
    fs.mkdirSync(dir);
    return dir;
  },
  rounds: Number(flags.rounds ?? 5),
  sqlite: fs.existsSync(path.join(root, 'bench/node_modules/better-sqlite3/build/Release/better_sqlite3.node')),
  say: (text) => process.stderr.write(`${text}\n`),
};

const measured: (Row | NotMeasured)[] = [];
for (const [name, group] of Object.entries(rowGroups)) {
  if (flags.only !== undefined && !name.includes(flags.only)) continue;
  context.say(`… ${name}`);
  try {
    measured.push(...(await group(context)));
  } catch (error) {
    measured.push({ name, why: error instanceof Error ? error.message : String(error) });
  }
}
fs.rmSync(scratch, { recursive: true, force: true });
process.stdout.write(table(measured));
if (flags.only === undefined) write(measured);

function isRow(row: Row | NotMeasured): row is Row {
  return 'rounds' in row;
}

function figures(row: Row): { own: string; floor: string; ratio: string } {
  const short = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  const own = median(row.rounds.map((round) => round.own));
  const floor = median(row.rounds.map((round) => round.floor));
  return { own: short(own), floor: short(floor), ratio: ratioOf(row).toFixed(2) };
}

function table(rows: readonly (Row | NotMeasured)[]): string {
  const lines = ['| what | own | floor | ratio | budget | holds |', '|---|---|---|---|---|---|'];
  for (const row of rows) {
    if (!isRow(row)) {
      lines.push(`| ${row.name} | | | | | not measured: ${row.why} |`);
      continue;
    }
    const { own, floor, ratio } = figures(row);
    const further = (row.conditions ?? [])
      .map((one) => `${one.holds ? '' : 'NOT '}${one.name} (${one.figure})`)
      .join('; ');
    const sign = row.budget.op === '<=' ? '≤' : '≥';
    const verdict = holds(row) ? 'yes' : '**no**';
    lines.push(
      `| ${row.name} (${row.unit}) | ${own} | ${floor} ${row.floor} | ${ratio} | ${sign} ${row.budget.ratio} | ${verdict}${further === '' ? '' : `; ${further}`} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function write(rows: readonly (Row | NotMeasured)[]): void {
  const git = (args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const results = {
    measured_at: new Date().toISOString(),
    commit: git(['rev-parse', 'HEAD']),
    dirty: git(['status', '--porcelain', '--', 'src', 'bench']) !== '',
    machine: {
      cores: os.cpus().length,
      cpu: os.cpus()[0]?.model,
      memory_gib: Math.round(os.totalmem() / 2 ** 30),
      node: process.version,
      os: `${os.type()} ${os.release()}`,
    },
    rows: rows.map((row) => (isRow(row) ? { ...row, ...figures(row), holds: holds(row) } : row)),
  };
  fs.writeFileSync(path.join(root, 'bench/results.json'), `${JSON.stringify(results, null, 2)}\n`);
  const { machine, commit, measured_at } = results;
  const where = `${machine.cores} cores (${machine.cpu}), ${machine.memory_gib} GiB, Node ${machine.node}, ${machine.os}`;
  const text = [
    '# Speed',
    '',
    'Written by `npm run bench`. Every row stands beside its floor, measured in the same run: only the ratio counts, and it may be',
    '10 % off its budget. Rows are the median of interleaved rounds; floors are bundled as Baton is and driven by the same client.',
    '',
    `Measured ${measured_at.slice(0, 10)} at commit ${commit.slice(0, 10)} on ${where}.`,
    '',
    table(rows),
  ];
  fs.writeFileSync(path.join(root, 'bench/README.md'), text.join('\n'));
}
