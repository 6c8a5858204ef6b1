// A store as a server would leave it: documents, a checkpoint, requests, a blob, several segments. Used by the tests
// here.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Verified, verifyStore } from '../../src/admin/file/verify.ts';
import { Documents } from '../../src/documents/documents.ts';
import { Maintenance } from '../../src/documents/maintenance.ts';
import { ok } from '../../src/failure/failure.ts';
import type { JsonObject } from '../../src/json/json.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { fileBackend } from '../../src/store/open.ts';

export interface Place {
  parent: string;
  dir: string;
  remove(): void;
}

export function newPlace(): Place {
  const parent = fs.mkdtempSync(join(tmpdir(), 'baton-upkeep-'));
  return { parent, dir: join(parent, 'state'), remove: () => fs.rmSync(parent, { recursive: true, force: true }) };
}

export function openDocuments(dir: string, segmentBytes?: number): Documents {
  const backend = fileBackend({
    dir,
    durability: 'fsync',
    forceNetworkFs: false,
    ...(segmentBytes !== undefined && { segmentBytes }),
  });
  return new Documents({ ...backend, now: Date.now, id: (prefix) => `${prefix}-1`, select: () => ok([]) });
}

/** Sets one key of a document, which it makes if need be. */
export async function set(
  documents: Documents,
  stream: string,
  key: string,
  value: JsonObject[string],
): Promise<number> {
  const changed = await documents.change<null>(
    (tx) => {
      if (tx.read(stream) === undefined) tx.create(stream, { type: 'test.made' }, { schema: 1 });
      tx.patch(stream, { type: 'test.set', data: { key } }, [{ op: 'add', path: `/${key}`, value }]);
      return ok(null);
    },
    { by: { user: 'tester', session: 's-1', tool: 'test' } },
  );
  if (!changed.ok) throw new Error(changed.failure.code);
  return changed.value.seq;
}

/** A command with a request_id and an answer so large that it becomes a blob. Returns the blob's hash. */
export async function setWithRequest(documents: Documents, dir: string, id: string): Promise<string> {
  const before = new Set(fs.existsSync(join(dir, 'blobs')) ? fs.readdirSync(join(dir, 'blobs')) : []);
  await documents.change<string>(
    (tx) => {
      tx.create(`task/${id}`, { type: 'test.made' }, { schema: 1 });
      return ok(`${id}${'x'.repeat(5_000)}`);
    },
    { by: { user: 'tester', tool: 'test' }, request: { id, arguments: {} } },
  );
  const made = fs.readdirSync(join(dir, 'blobs')).find((name) => !before.has(name));
  if (made === undefined) throw new Error('no blob');
  return made;
}

export async function maintain(documents: Documents): Promise<void> {
  const troubles: unknown[] = [];
  const maintenance = new Maintenance(documents, { onTrouble: (error) => troubles.push(error) });
  await maintenance.run();
  await maintenance.stop();
  if (troubles.length > 0) throw troubles[0];
}

/** Commits, documents, a checkpoint and one blob; with `segments`, as many sealed ones before the current one. */
export async function makeStore(dir: string, segments = 0): Promise<{ blob: string }> {
  const documents = openDocuments(dir, 1);
  for (let n = 0; n < segments; n += 1) {
    for (let at = 0; at < 5; at += 1) await set(documents, `task/t-${at}`, `k${n}`, { n, at });
    await maintain(documents);
  }
  for (let at = 0; at < 5; at += 1) await set(documents, `session/s-${at}`, 'x', at);
  const blob = await setWithRequest(documents, dir, 'r-1');
  // Without a seal: only the caches.
  const mark = await documents.store.upkeep?.mark();
  for (const stream of (await documents.store.upkeep?.dirty()) ?? []) {
    const snapshot = documents.snapshot(stream);
    if (snapshot !== undefined) await documents.store.putSnapshot(snapshot);
  }
  await mark?.save();
  await documents.close();
  return { blob };
}

export function verify(dir: string): Verified {
  return verifyStore({ disk: realDisk, dir, durability: 'fsync', forceNetworkFs: false });
}

/** The codes of what was found, without the notes. */
export function faults(dir: string): string[] {
  return verify(dir)
    .report.findings.filter(({ level }) => level !== 'note')
    .map(({ code }) => code);
}

/** Changes a file of the store, whatever its mode. */
export function alter(file: string, change: (text: string) => string): void {
  const { mode } = fs.statSync(file);
  fs.chmodSync(file, 0o600);
  fs.writeFileSync(file, change(fs.readFileSync(file, 'latin1')), 'latin1');
  fs.chmodSync(file, mode & 0o777);
}

export function segments(dir: string): string[] {
  return fs
    .readdirSync(join(dir, 'log'))
    .filter((name) => /^\d{12}\.jsonl(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(dir, 'log', name));
}
