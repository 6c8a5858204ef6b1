// An edit by hand made a commit: what the file says against the version that it was made from becomes a patch, and goes
// through the ordinary change loop. Used by cli/verbs/doctor.ts.

import path from 'node:path';
import { MAX_VALUE_DEPTH } from '../../config/limits.ts';
import type { Documents } from '../../documents/documents.ts';
import { eventsOf } from '../../documents/past.ts';
import { type Failure, FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { diff } from '../../json/diff.ts';
import { copyJson, isObject, type Json } from '../../json/json.ts';
import { checkValue } from '../../json/limits.ts';
import { deepEqual } from '../../json/merge.ts';
import { applyOps, type PatchOp } from '../../json/patch.ts';
import { arrayIndex, parsePointer } from '../../json/pointer.ts';
import { MAX_LINE_BYTES } from '../../store/commit.ts';
import { type Disk, errnoOf } from '../../store/file/disk.ts';
import { documentOf } from './files.ts';
import { type OfflineSettings, openOffline } from './open.ts';

/** More differences than this are no edit by hand. */
const MAX_OPERATIONS = 10_000;

export interface Adopted {
  stream: string;
  /** Operations committed; 0 if the file says what the log says. */
  operations: number;
  seq: number;
}

interface Edit {
  stream: string;
  /** Absolute, and relative to the store. */
  file: string;
  relative: string;
  bytes: Buffer;
  value: Json;
  /** The version that the edit was made from; undefined if the file does not say. */
  version: number | undefined;
}

/** Commits an edited document, or one that was set aside, and replaces the file by what the log then says. */
export async function adoptDocument(
  settings: OfflineSettings & { disk: Disk },
  name: string,
  by: { user: string },
): Promise<Result<Adopted>> {
  const edit = readEdit(settings.disk, settings.dir, name);
  if (!edit.ok) return edit;
  let documents: Documents;
  try {
    documents = openOffline(settings);
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  }
  try {
    const adopted = await commitEdit(documents, edit.value, by);
    if (adopted.ok) replaceFileOf(documents, settings.disk, edit.value);
    return adopted;
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  } finally {
    await documents.close();
  }
}

function readEdit(disk: Disk, dir: string, name: string): Result<Edit> {
  const file = [path.resolve(name), path.resolve(dir, name)].find((one) => disk.stat(one)?.isFile);
  if (file === undefined) return refused(name, 'there is no such file');
  const relative = path.relative(dir, file).replaceAll(path.sep, '/');
  const found = documentOf(relative);
  if (found === undefined) return refused(name, `it is no document of the store in ${dir}`);
  const bytes = disk.readFile(file);
  const parsed = parse(bytes);
  if (!isObject(parsed) || !isObject(parsed.document)) return refused(name, 'it has no "document" that is an object');
  if (parsed.stream !== found.stream) return refused(name, `its "stream" must stay ${found.stream}`);
  if (found.stream === 'store') return refused(name, "the store's own document is not for editing");
  const value = checkValue(parsed.document, { depth: MAX_VALUE_DEPTH, bytes: MAX_LINE_BYTES });
  if (!value.ok) return value;
  const version = typeof parsed.version === 'number' ? parsed.version : undefined;
  return ok({ stream: found.stream, file, relative, bytes, value: value.value, version });
}

async function commitEdit(documents: Documents, edit: Edit, by: { user: string }): Promise<Result<Adopted>> {
  const { stream } = edit;
  const events = await eventsOf(documents.store, stream);
  if (events.length === 0) return refused(edit.relative, `the log has no stream ${stream}`);
  const base = events
    .filter(({ version }) => version <= (edit.version ?? events.length))
    .reduce<Json | undefined>((value, { patch }) => applyOps(value, structuredClone(patch)), undefined);
  const { ops, cut } = diff(base, edit.value, MAX_OPERATIONS);
  if (cut) {
    const instead = 'change it through the tools';
    return fail({ code: 'too-large', what: 'the edit, in operations', limit: MAX_OPERATIONS, instead });
  }
  const changed = await documents.change<number>(
    (tx) => {
      const current = tx.read(stream) as Json | undefined;
      const moved = ops.filter((op) => hasMoved(base, current, op));
      if (moved.length > 0) return conflict(moved);
      const happening = { type: 'document.adopted', data: { file: edit.relative, version: edit.version ?? 0 } };
      tx.patch(
        stream,
        happening,
        ops.map((op) => (op.op === 'remove' ? op : { ...op, value: copyJson(op.value) })),
      );
      return ok(ops.length);
    },
    { by: { ...by, tool: 'doctor' } },
  );
  return changed.ok ? ok({ stream, operations: changed.value.value, seq: changed.value.seq }) : changed;
}

/** The commit has what the file had. A file that was edited again in the meantime stays. */
function replaceFileOf(documents: Documents, disk: Disk, edit: Edit): void {
  try {
    if (!disk.readFile(edit.file).equals(edit.bytes)) return;
    disk.unlink(edit.file);
    const snapshot = documents.snapshot(edit.stream);
    if (snapshot !== undefined) documents.store.putSnapshot(snapshot);
  } catch (error) {
    // The commit is made; a file that cannot be replaced is a cache that is older.
    if (errnoOf(error) === undefined) throw error;
  }
}

/**
 * True if commits have changed what the operation is about since the edit was made: whose it should be is not ours to
 * say.
 */
function hasMoved(base: Json | undefined, current: Json | undefined, op: PatchOp): boolean {
  let [was, is] = [base, current];
  for (const token of parsePointer(op.path)) {
    // Indices name other elements once anything was added or removed before them.
    if (Array.isArray(was) || Array.isArray(is)) return !deepEqual(was, is);
    was = child(was, token);
    is = child(is, token);
  }
  return was === undefined ? is !== undefined : !deepEqual(was, is);
}

function child(value: Json | undefined, token: string): Json | undefined {
  if (Array.isArray(value)) return value[arrayIndex(token)];
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

function conflict(moved: readonly PatchOp[]): { ok: false; failure: Failure } {
  const issues = moved.slice(0, 10).map(({ path: at }) => ({
    at,
    why: 'a commit has changed this since the file was written: edit the present document instead',
  }));
  return fail({ code: 'invalid-input', issues });
}

function refused(at: string, why: string): { ok: false; failure: Failure } {
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
