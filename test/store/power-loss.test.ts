// A power loss right after a promise of durability: a file whose name was not synced is gone, with its content.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Report } from '../../src/admin/file/findings.ts';
import { verifyStore } from '../../src/admin/file/verify.ts';
import type { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { commitOf, put, stateOf } from './commits.ts';
import { type Fault, FaultyDisk, type Loss } from './faulty-disk.ts';
import { change, noAnswers, openDocuments, verify } from './life.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

const removals: (() => void)[] = [];
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  removals.push(place.remove);
  fs.mkdirSync(place.dir);
  return place.dir;
}

/** What a power loss now leaves of all below the disk's root. */
function leftOf(disk: FaultyDisk, loss: Loss = 'all-unsynced', random = () => 0.6): string {
  const image = newPlace();
  disk.powerLoss(image, loss, random);
  return image;
}

function stateIn(dir: string): Record<string, unknown> {
  const store = openStore(dir, { durability: 'none' });
  expect(store.info().stopped).toBeUndefined();
  return stateOf(store);
}

function reportOn(dir: string): Report {
  const { report } = verifyStore({ disk: realDisk, dir, durability: 'fsync', forceNetworkFs: false });
  // An image has the permissions of this test.
  return { ...report, findings: report.findings.filter(({ code }) => code !== 'permissions') };
}

/** A process that dies at the fault while it makes a store and writes to it. */
async function firstLife(disk: FaultyDisk, dir: string): Promise<void> {
  try {
    const store = openStore(dir, { disk, segmentBytes: 1 });
    await Promise.race([put(store, 'task/t-1', 'first'), disk.died]);
  } catch {
    // Killed.
  }
}

describe('a new store', () => {
  it('is there after a power loss, with every directory above it that was made', async () => {
    const root = newPlace();
    const disk = new FaultyDisk(root);
    await put(openStore(join(root, 'a/b/state'), { disk }), 'task/t-1', 1);
    expect(stateIn(join(leftOf(disk), 'a/b/state'))).toEqual({ 'task/t-1': 1 });
  });

  it('is there whoever died while making it', async () => {
    const probe = newPlace();
    const whole = new FaultyDisk(probe);
    await firstLife(whole, join(probe, 'state'));
    for (let at = 1; at <= whole.calls.length; at += 1) {
      const root = newPlace();
      const disk = new FaultyDisk(root, { at, action: 'kill' });
      await firstLife(disk, join(root, 'state'));
      const next = disk.peer();
      await put(openStore(join(root, 'state'), { disk: next }), 'task/t-2', 'second');
      expect(stateIn(join(leftOf(next), 'state')), `killed at call ${at}`).toMatchObject({ 'task/t-2': 'second' });
    }
  });
});

describe('a segment', () => {
  it('that follows a seal is there with what was written to it, whoever died while following', async () => {
    for (const fault of [undefined, { at: 1, operation: 'open', path: '0004.jsonl', action: 'kill' }] as (
      | Fault
      | undefined
    )[]) {
      const root = newPlace();
      let disk = new FaultyDisk(root);
      const store = openStore(root, { disk, segmentBytes: 1 });
      await put(store, 'task/t-1', 'first');
      disk.set(fault);
      await store.upkeep.seal().catch(() => undefined);
      if (fault !== undefined) {
        expect(disk.dead).toBe(true);
        disk = disk.peer();
      }
      const second = fault === undefined ? store : openStore(root, { disk });
      await put(second, 'task/t-2', 'second');
      expect(second.log.segment).toBe(4);
      expect(stateIn(leftOf(disk))).toEqual({ 'task/t-1': 'first', 'task/t-2': 'second' });
    }
  });

  it('is sealed only up to bytes that are durable, also if another process appends while the sealer syncs', async () => {
    const root = newPlace();
    const disk = new AppendingDisk(root, segmentFile(root));
    const store = openStore(root, { disk, segmentBytes: 1 });
    await put(store, 'task/t-1', 'first');
    disk.peerLine = '{"torn by a writer that died';
    await store.upkeep.seal();
    expect(disk.peerLine).toBeUndefined();
    await store.refresh();
    await store.upkeep.seal();
    expect(store.log.sealsFollowed).toBe(1);
    expect(disk.seals.length).toBeGreaterThan(0);
    for (const { covers, synced } of disk.seals) expect(covers).toBeLessThanOrEqual(synced);
  });

  it('that is compressed keeps one form or the other, whoever died while compressing', async () => {
    const probe = newPlace();
    const whole = new FaultyDisk(probe);
    const before = whole.calls.length;
    await (await threeSegments(probe, whole)).upkeep.compress();
    const compressing = whole.calls.length - before;
    for (let at = 1; at <= compressing; at += 1) {
      const root = newPlace();
      let disk = new FaultyDisk(root);
      const store = await threeSegments(root, disk);
      disk.set({ at, action: 'kill' });
      await Promise.race([store.upkeep.compress().catch(() => undefined), disk.died]);
      if (!disk.dead) break;
      for (const loss of ['all-unsynced', 'new-names', 'nothing'] as Loss[])
        expect(stateIn(leftOf(disk, loss)), `killed at call ${at}, ${loss}`).toEqual({ 'task/t-1': 3 });
      disk = disk.peer();
      await openStore(root, { disk, segmentBytes: 1 }).upkeep.compress();
      for (const loss of ['all-unsynced', 'new-names'] as Loss[])
        expect(stateIn(leftOf(disk, loss)), `compressed again after call ${at}, ${loss}`).toEqual({ 'task/t-1': 3 });
    }
  });
});

/** A disk on which another process appends a line to the segment right after the next sync of it. */
class AppendingDisk extends FaultyDisk {
  peerLine: string | undefined;
  /** For each seal written: the bytes before the write that it covers, and how many were synced by then. */
  readonly seals: { covers: number; synced: number }[] = [];
  private readonly segment: string;
  private syncedBytes = 0;

  constructor(root: string, segment: string) {
    super(root);
    this.segment = segment;
  }

  override fdatasyncNow(fd: number): void {
    super.fdatasyncNow(fd);
    this.syncedBytes = fs.statSync(this.segment).size;
    if (this.peerLine === undefined) return;
    fs.appendFileSync(this.segment, `\n${this.peerLine}\n`);
    this.peerLine = undefined;
  }

  override write(fd: number, bytes: Uint8Array): number {
    const seal = /"seal":\{"bytes":(\d+)/.exec(Buffer.from(bytes).toString('utf8'));
    if (seal !== null) this.seals.push({ covers: Number(seal[1]) - 1, synced: this.syncedBytes });
    return super.write(fd, bytes);
  }
}

async function threeSegments(root: string, disk: FaultyDisk): Promise<FileStore> {
  const store = openStore(root, { disk, segmentBytes: 1 });
  for (let n = 1; n <= 3; n += 1) {
    await put(store, 'task/t-1', n);
    if (n < 3) await store.upkeep.seal();
  }
  return store;
}

function maintenanceOf(documents: Documents): Maintenance {
  return new Maintenance(documents, { idleMs: 1e6, everyCommits: 1e6, onTrouble: () => undefined });
}

describe('maintenance', () => {
  it('leaves documents, checkpoint and index files that are there after a power loss', async () => {
    const root = newPlace();
    const disk = new FaultyDisk(root);
    const documents = openDocuments(root, disk);
    const maintenance = maintenanceOf(documents);
    for (const round of [0, 1]) {
      for (let n = 0; n < 3; n += 1) await change(documents, 3 * round + n, noAnswers(), () => false);
      // A folder of its own each time.
      await put(documents.store, `${round === 0 ? 'task' : 'epic'}/x-1`, { n: 1 });
      await maintenance.run();
      const report = reportOn(leftOf(disk));
      expect(report.documents).toMatchObject({
        older: 0,
        edited: 0,
        orphans: 0,
        current: report.documents.rebuilt,
      });
      expect(report).toMatchObject({ log: { indexed: 1 + round }, checkpoint: { state: 'fits' }, findings: [] });
    }
  });

  it('writes no document of what is not durable yet', async () => {
    const root = newPlace();
    const disk = new FaultyDisk(root);
    const [documents, other] = [openDocuments(root, disk), openDocuments(root, realDisk, 'none')];
    await change(documents, 0, noAnswers(), () => false);
    const maintenance = maintenanceOf(documents);
    await maintenance.run();
    await change(other, 3, noAnswers(), () => false);
    await documents.store.refresh();
    disk.set({ at: 1, operation: 'rename', path: 'shared/counters', action: 'kill' });
    await Promise.race([maintenance.run(), disk.died]);
    // The first document has its new name here, and of the log only what was synced is left.
    expect(reportOn(leftOf(disk, 'some-unsynced')).findings).toEqual([]);
  });

  it('writes no checkpoint of what is not durable yet, even where no document has changed', async () => {
    const root = newPlace();
    const disk = new FaultyDisk(root);
    const documents = openDocuments(root, disk);
    await change(documents, 0, noAnswers(), () => false);
    const maintenance = maintenanceOf(documents);
    await maintenance.run();
    await put(openStore(root, { durability: 'none' }), 'request/r-1', 1);
    await documents.store.refresh();
    disk.set({ at: 1, operation: 'fdatasyncNow', action: 'kill' });
    await Promise.race([maintenance.run(), disk.died]);
    const image = leftOf(disk);
    expect(reportOn(image).findings).toEqual([]);
    expect(openStore(image, { durability: 'none' }).info().stopped).toBeUndefined();
  });
});

describe('a blob', () => {
  it('is there with the commit that names it, whoever died while writing it', async () => {
    const faults: (Fault | undefined)[] = [undefined];
    for (const operation of ['mkdir', 'open', 'fsyncNow', 'rename'] as const)
      for (const at of [1, 2, 3]) faults.push({ at, operation, action: 'kill' });
    for (const fault of faults) {
      const root = newPlace();
      const disk = new FaultyDisk(root);
      const [dying, documents] = [openDocuments(root, disk), openDocuments(root, disk.peer())];
      disk.set(fault);
      // Its answer is too long for a line.
      await Promise.race([change(dying, 1, noAnswers(), () => disk.dead), disk.died]);
      const answers = noAnswers();
      await change(documents, 1, answers, () => false);
      expect(answers.acked).toEqual([1]);
      await verify(leftOf(disk), answers, JSON.stringify(fault));
    }
  });
});

describe('the marker of a disk error', () => {
  it('is there after a power loss, and stops who opens the store', async () => {
    const root = newPlace();
    const disk = new FaultyDisk(root);
    const documents = openDocuments(root, disk);
    disk.set({ at: 1, operation: 'fdatasync', action: { errno: 'EIO' } });
    await change(documents, 0, noAnswers(), () => false);
    disk.set(undefined);
    expect(openStore(leftOf(disk)).info().stopped).toMatchObject({ code: 'read-only' });
  });
});

/** Lets somebody else write at the moment when a sync has begun. */
class BusyDisk extends FaultyDisk {
  between: (() => void) | undefined;
  begun: Promise<void> = Promise.resolve();

  override fdatasync(fd: number): Promise<void> {
    const between = this.between;
    this.between = undefined;
    this.begun = super.fdatasync(fd);
    between?.();
    return this.begun;
  }
}

describe('a calm writer, whose sync begins before the read-back', () => {
  it.each([false, true])(
    'knows as durable only what was written before it began (somebody between: %s)',
    async (busy) => {
      const root = newPlace();
      const disk = new BusyDisk(root);
      disk.slow = true;
      const [store, other] = [openStore(root, { disk }), openStore(root, { durability: 'none' })];
      for (let n = 0; n < 10; n += 1) await put(store, 'task/t-1', n);
      const before = disk.calls.length;
      store.refresh();
      if (busy)
        disk.between = () => {
          other.refresh();
          other.append([commitOf(other, [{ stream: 'task/t-2', value: 'between' }])]);
        };
      const { durable } = store.append([commitOf(store, [{ stream: 'task/t-1', value: 'last' }])]);
      const calls = disk.calls.slice(before).map(({ operation }) => operation);
      expect(calls.indexOf('fdatasync')).toBeLessThan(calls.indexOf('read'));
      await disk.begun;
      const [known] = store.seen();
      expect(openStore(leftOf(disk), { durability: 'none' }).seq()).toBeGreaterThanOrEqual(known);
      await durable;
      // Where nobody came between, one sync was enough.
      expect(disk.calls.slice(before).filter(({ operation }) => operation === 'fdatasync')).toHaveLength(busy ? 2 : 1);
      expect(stateIn(leftOf(disk))).toMatchObject({ 'task/t-1': 'last', ...(busy ? { 'task/t-2': 'between' } : {}) });
    },
  );
});
