// No answer rests on a line that is not durable: every kind of answer waits for the sync of the lines that it read.

import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import type { Decide } from '../../src/domain/command.ts';
import { fail, ok } from '../../src/failure/failure.ts';
import { type Disk, realDisk } from '../../src/store/file/disk.ts';
import { BY } from '../store/commits.ts';
import { takeLong } from '../store/faulty-disk.ts';
import { openDocuments } from '../store/life.ts';

const STREAM = 'task/t-1';
const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
});

/** A disk whose syncs begin when they are asked for and end when they are let. */
class HeldSyncs {
  readonly disk: Disk;
  /** Settles when the next sync begins. */
  begun: Promise<void> = Promise.resolve();
  private held: Promise<void> | undefined;

  constructor() {
    let begin = (): void => undefined;
    this.disk = {
      ...realDisk,
      fdatasyncNow: (fd) => {
        takeLong();
        realDisk.fdatasyncNow(fd);
      },
      fdatasync: async (fd) => {
        begin();
        await this.held;
        await realDisk.fdatasync(fd);
      },
    };
    this.hold = () => {
      let release = (): void => undefined;
      this.begun = new Promise((resolve) => {
        begin = resolve;
      });
      this.held = new Promise((resolve) => {
        release = resolve;
      });
      return () => release();
    };
  }

  /** From now on no sync ends until the returned function is called. */
  readonly hold: () => () => void;
}

const make: Decide<string> = (tx) => {
  tx.create(STREAM, { type: 'task.created' }, { n: 1 });
  return ok('made');
};
const request = { id: 'r-1', arguments: {} };

const ANSWERS: Record<string, (documents: Documents) => Promise<unknown>> = {
  'a read': (documents) => documents.read((view) => view.get(STREAM)),
  'a refusal': (documents) =>
    documents.change((tx) => (tx.read(STREAM) ? fail({ code: 'cancelled' }) : ok('none')), { by: BY }),
  'a change of nothing': (documents) => documents.change((tx) => ok(tx.version(STREAM)), { by: BY }),
  'a rehearsal': (documents) => documents.dryRun((tx) => ok(tx.version(STREAM)), BY),
  'a repeated request': (documents) => documents.change(make, { by: BY, request }),
};

/** Two processes on one store: ours, whose syncs are held, and theirs, which has made a task and never synced. */
async function twoProcesses(): Promise<{
  dir: string;
  syncs: HeldSyncs;
  ours: Documents;
  release(): void;
  close(): Promise<void>;
}> {
  const dir = fs.mkdtempSync(join(os.tmpdir(), 'baton-answers-'));
  dirs.push(dir);
  const syncs = new HeldSyncs();
  const ours = openDocuments(dir, syncs.disk);
  const theirs = openDocuments(dir, realDisk, 'none');
  const release = syncs.hold();
  expect(await theirs.change(make, { by: BY, request })).toMatchObject({ ok: true });
  const close = async (): Promise<void> => {
    await theirs.close();
    await ours.close();
  };
  return { dir, syncs, ours, release, close };
}

async function someTurns(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await turn();
}

test.each(Object.keys(ANSWERS))(
  'given a line that another wrote and did not sync, then %s waits for it',
  async (kind) => {
    const { syncs, ours, release, close } = await twoProcesses();
    let answered = false;
    const answering = ANSWERS[kind]?.(ours).then((answer) => {
      answered = true;
      return answer;
    });
    await Promise.race([syncs.begun, answering]);
    await someTurns();
    expect(answered).toBe(false);
    release();
    expect(JSON.stringify(await answering)).toMatch(/"n":1|cancelled|"value":1|"replayed":true/);
    await close();
  },
);

test('nor is it written into a document before', async () => {
  const { dir, syncs, ours, release, close } = await twoProcesses();
  const document = join(dir, 'shared/tasks/t-1.json');
  const maintenance = new Maintenance(ours, { onTrouble: (error) => expect(error).toBeUndefined() });
  ours.peek(() => undefined);
  const round = maintenance.run();
  await Promise.race([syncs.begun, round]);
  await someTurns();
  expect(fs.existsSync(document)).toBe(false);
  release();
  await round;
  expect(JSON.parse(fs.readFileSync(document, 'utf8'))).toMatchObject({ document: { n: 1 } });
  await maintenance.stop();
  await close();
});
