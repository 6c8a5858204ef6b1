// `npm run drill [-- --kills N --seconds S]`: tests the store's promises with many processes that are killed again and
// again, with writes that the system takes in parts, with faults injected by strace, and with power losses on an ext4
// image. Prints figures; exits with 1 if a promise is broken.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '600' } },
});
const kills = Number(values.kills);
const seconds = Number(values.seconds);
const place = fs.mkdtempSync(join(tmpdir(), 'baton-drill-'));
const built = join(place, 'built');
const rows = [];
const skipped = [];
let broken = false;

await bundle({
  entries: {
    worker: 'test/store/fixtures/worker.ts',
    drill: 'test/store/drill.ts',
    short: 'test/store/short-writes.ts',
  },
  dir: built,
});
const { Drill, sleep } = await import(pathToFileURL(join(built, 'drill.js')).href);
const { anotherWriter, compileShim, KILL_WRITER, underShim } = await import(pathToFileURL(join(built, 'short.js')).href);
const workerFile = join(built, 'worker.js');
const newDrill = (dir) => new Drill(workerFile, dir);

function note(name, findings, expected = {}) {
  const { lost, duplicated, orderViolations, disagreements, troubles } = findings;
  const wrong = lost + duplicated + orderViolations + disagreements + (expected.troubles ? 0 : troubles.length);
  const missed = expected.failures?.some((code) => findings.failures[code] === undefined) === true;
  if (wrong > 0 || missed) broken = true;
  if (wrong > 0 || missed) process.stderr.write(`${name}: ${JSON.stringify(findings)}\n`);
  rows.push({
    scenario: name,
    kills: findings.kills,
    acked: findings.acked,
    lost,
    duplicated,
    'out of order': orderViolations,
    disagreements,
    'worst call ms': findings.worstCallMs,
    'void per accepted': Number(findings.voidPerAccepted.toFixed(3)),
    segments: findings.segments,
    verdict: wrong > 0 || missed ? 'BROKEN' : 'held',
  });
}

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

async function killing() {
  const until = performance.now() + seconds * 1_000;
  for (let done = 0, round = 1; done < kills && performance.now() < until; round += 1) {
    const dir = join(place, `kills-${round}`);
    const drill = newDrill(dir);
    for (const name of ['r-1', 'r-2']) drill.start({ name, role: 'read' });
    const ms = Math.min(30_000, until - performance.now());
    await drill.storm({ writers: 8, ms, everyMs: 60, kills: Math.min(250, kills - done) });
    await drill.endAll();
    done += drill.kills;
    note(`kill -9, round ${round}`, await drill.check());
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

async function injected() {
  if (!works('strace', '-V')) {
    skipped.push('faults by strace: it is not installed');
    return;
  }
  const under = (trace, inject) => ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${trace}`, '-e', `inject=${inject}`];
  for (const when of [3, 9, 20]) {
    const dir = join(place, `eio-${when}`);
    const drill = newDrill(dir);
    const worker = drill.start({ name: 'w-1', calls: 60, under: under('fdatasync', `fdatasync:error=EIO:when=${when}`) });
    await worker.exit;
    const later = drill.start({ name: 'w-2', calls: 3 });
    await later.exit;
    const poisoned = fs.existsSync(join(dir, 'log', 'poison'));
    if (!poisoned) broken = true;
    fs.rmSync(join(dir, 'log', 'poison'), { force: true });
    note(`EIO at fdatasync ${when}`, await drill.check(), { failures: ['read-only'], troubles: true });
  }
  for (const call of ['write', 'fdatasync', 'rename', 'fsync']) {
    const dir = join(place, `killed-${call}`);
    const drill = newDrill(dir);
    for (let when = 1; when <= 8; when += 1) {
      const worker = drill.start({ name: 'w-1', calls: 40, under: under(call, `${call}:signal=SIGKILL:when=${when * 3}`) });
      await worker.exit;
      drill.kills += 1;
    }
    note(`killed in ${call}`, await drill.check());
  }
}

/** Writers whose writes are taken in two parts, with those of another between, which is cut short itself and killed. */
async function shortened() {
  const library = join(built, 'short-write.so');
  const missing = compileShim(library);
  if (missing !== undefined) {
    skipped.push(`short writes below the runtime: ${missing}`);
    return;
  }
  const dir = join(place, 'short-writes');
  const drill = newDrill(dir);
  drill.start({ name: 'w-1' });
  for (const bytes of [1, 60, 200, 0, -30, -1]) {
    for (const cut of [undefined, { bytes: 200, run: KILL_WRITER }, { bytes: 0, run: KILL_WRITER }]) {
      const run = `${anotherWriter(workerFile, dir, cut)}; true`;
      await drill.start({ name: 'w-2', calls: 20, under: underShim(library, { at: 5, bytes, run }) }).exit;
      if (cut !== undefined) drill.kills += 1;
    }
  }
  await drill.endAll();
  note('short writes, glued', await drill.check());
}

/** Calls the ioctl EXT4_IOC_SHUTDOWN, which stops a file system without further writes, like a loss of power. */
const SHUTDOWN = 'import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1],0),0x8004587D,struct.pack("I",2))';

async function powerLosses() {
  const image = join(place, 'disk.img');
  const mount = join(place, 'disk');
  fs.mkdirSync(mount);
  fs.closeSync(fs.openSync(image, 'w'));
  fs.truncateSync(image, 96 * 1_048_576);
  const mounted = () => works('mount', '-o', 'loop,commit=300', image, mount);
  if (process.getuid?.() !== 0 || !works('mkfs.ext4', '-q', '-F', image) || !works('python3', '-V') || !mounted()) {
    skipped.push('power loss on ext4: needs root, mkfs.ext4, python3 and a loop mount');
    return;
  }
  try {
    const drill = newDrill(join(mount, 'state'));
    for (let round = 0; round < 12; round += 1) {
      const writers = [1, 2, 3].map((n) => drill.start({ name: `w-${n}` }));
      await sleep(300 + Math.random() * 900);
      // Stop the writers first: a shutdown during an fdatasync may abort its transaction and yet let it return success,
      // which a loss of power cannot do.
      for (const writer of writers) writer.child.kill('SIGSTOP');
      await sleep(50);
      if (!works('python3', '-c', SHUTDOWN, mount)) {
        skipped.push('power loss on ext4: the file system cannot be shut down');
        break;
      }
      drill.kills += 1;
      for (const writer of writers) writer.child.kill('SIGKILL');
      await drill.endAll();
      // Remount, to drop this kernel's caches, which would not survive a loss of power.
      if (!works('umount', mount) || !mounted()) throw new Error('the image cannot be mounted again');
      fs.rmSync(join(mount, 'state', 'log', 'poison'), { force: true });
    }
    note('power loss, ext4', await drill.check(), { troubles: true });
  } finally {
    works('umount', mount);
  }
}

try {
  await powerLosses();
  await shortened();
  await injected();
  await killing();
} finally {
  fs.rmSync(place, { recursive: true, force: true });
}
console.table(rows);
const total = (name) => rows.reduce((sum, row) => sum + row[name], 0);
process.stdout.write(
  `${total('kills')} kills, ${total('acked')} acknowledged, ${total('lost')} lost, ${total('duplicated')} doubled, ` +
    `${total('out of order')} out of order: ${broken ? 'BROKEN' : 'held'}\n`,
);
for (const what of skipped) process.stdout.write(`skipped: ${what}\n`);
process.exit(broken ? 1 : 0);
