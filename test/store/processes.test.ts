// Real processes on one store: killed, stopped, with a stepped clock, with limits, and started all at once on nothing.
// The short form of `npm run drill`.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';
import { Drill, type Findings, sleep } from './drill.ts';

let built = '';
const places: string[] = [];

beforeAll(async () => {
  built = fs.mkdtempSync(join(tmpdir(), 'baton-worker-'));
  await bundle({ entries: { worker: 'test/store/fixtures/worker.ts' }, dir: join(built, 'out') });
});
afterAll(() => fs.rmSync(built, { recursive: true, force: true }));
afterEach(() => {
  for (const place of places.splice(0)) fs.rmSync(place, { recursive: true, force: true });
});

function newDrill(): { drill: Drill; dir: string } {
  const parent = fs.mkdtempSync(join(tmpdir(), 'baton-drill-'));
  places.push(parent);
  const dir = join(parent, 'state');
  return { drill: new Drill(join(built, 'out', 'worker.js'), dir), dir };
}

const NOTHING_WRONG = { lost: 0, duplicated: 0, orderViolations: 0, disagreements: 0, troubles: [] };

async function finish(drill: Drill, right: object = NOTHING_WRONG): Promise<Findings> {
  await drill.endAll();
  const findings = await drill.check();
  expect(findings).toMatchObject(right);
  return findings;
}

it('survive kill -9 at any moment: nothing acknowledged is lost, doubled or out of order', {
  timeout: 60_000,
}, async () => {
  const { drill } = newDrill();
  const readers = [drill.start({ name: 'r-1', role: 'read' }), drill.start({ name: 'r-2', role: 'read' })];
  // By count, not by time: a machine that is busy otherwise takes longer.
  await drill.storm({ writers: 4, ms: 30_000, everyMs: 120, kills: 20 });
  const findings = await finish(drill);
  expect(findings.kills).toBe(20);
  expect(findings.acked).toBeGreaterThan(100);
  expect(drill.reports).toHaveLength(readers.length);
  expect(findings.worstCallMs).toBeLessThan(2_000);
});

it('go on within patience when the holder of the turnstile is stopped', { timeout: 30_000 }, async () => {
  const { drill } = newDrill();
  const holder = drill.start({ name: 'holder', role: 'hold' });
  await holder.said('holding');
  holder.child.kill('SIGSTOP');
  for (const name of ['w-1', 'w-2']) drill.start({ name });
  await sleep(1_200);
  holder.child.kill('SIGCONT');
  const findings = await finish(drill);
  expect(findings.acked).toBeGreaterThan(50);
  expect(findings.worstCallMs).toBeLessThan(1_000);
});

it('agree with one whose clock runs an hour ahead, and one whose clock is a year behind', async () => {
  const { drill } = newDrill();
  drill.start({ name: 'ahead', clockStepMs: 3_600_000 });
  drill.start({ name: 'behind', clockStepMs: -365 * 86_400_000 });
  drill.start({ name: 'right' });
  await sleep(1_200);
  expect((await finish(drill)).acked).toBeGreaterThan(50);
});

it('may be started for the first time five at once', async () => {
  const { drill, dir } = newDrill();
  const workers = [1, 2, 3, 4, 5].map((n) => drill.start({ name: `w-${n}`, calls: 5 }));
  await Promise.all(workers.map((worker) => worker.exit));
  const findings = await finish(drill);
  expect(findings).toMatchObject({ acked: 25, failures: {} });
  const log = fs.readFileSync(join(dir, 'log', '000000000001.jsonl'), 'utf8');
  const { FileStore } = await import('../../src/store/file/file-store.ts');
  const store = new FileStore({ dir, durability: 'none', onCommits: () => undefined });
  expect(store.read('store', 1)).toHaveLength(1);
  expect(log.match(/store\.created/g)?.length).toBeLessThanOrEqual(5);
  await store.close();
});

it('meet a file size limit as a full disk, while others without it go on', { timeout: 30_000 }, async () => {
  const { drill } = newDrill();
  const limited = drill.start({ name: 'limited', limit: 'ulimit -f 60;' });
  const free = drill.start({ name: 'free' });
  await Promise.race([sleep(6_000), limited.exit, free.exit, untilFull(drill)]);
  const before = drill.acks.filter(({ token }) => token.startsWith('free')).length;
  await sleep(400);
  // Its documents and checkpoint meet the limit too: that is trouble for its log, and for no call.
  const findings = await finish(drill, { ...NOTHING_WRONG, troubles: expect.any(Array) });
  expect(Object.keys(findings.failures)).toEqual(['store-full']);
  expect(drill.acks.filter(({ token }) => token.startsWith('free')).length).toBeGreaterThan(before);
});

async function untilFull(drill: Drill): Promise<void> {
  while (drill.failures['store-full'] === undefined) await sleep(10);
}

it('are refused clearly by a directory they may not write', async ({ skip }) => {
  skip(process.getuid?.() === 0, 'root writes wherever it likes, whatever the mode');
  const { drill, dir } = newDrill();
  fs.mkdirSync(dir);
  fs.chmodSync(dir, 0o500);
  const worker = drill.start({ name: 'w-1' });
  expect(await worker.exit).toBe(3);
  expect(worker.lines).toEqual(['refused store-unwritable']);
});
