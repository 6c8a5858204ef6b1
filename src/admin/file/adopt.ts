// Commits an edit that somebody made by hand in a document's file: the difference to the version from which the file
// was edited becomes a patch, committed through documents/ like any command. Called by cli/verbs/doctor.ts.

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

/** An edit with more operations than this was not made by hand. */
const MAX_OPERATIONS = 10_000;

export interface Adopted {
  stream: string;
  /** Number of operations committed; 0 if the file equals the document. */
  operations: number;
  seq: number;
}

interface Edit {
  stream: string;
  /** The file's absolute path; `relative` is relative to the store. */
  file: string;
  relative: string;
  bytes: Buffer;
  value: Json;
  /** The version from which the file was edited; undefined if the file does not say. */
  version: number | undefined;
}

/**
 * Commits the edit in an edited document, or in one that was set aside, and replaces the file by the new document.
 * Fails with `invalid-input` for a file that is no document or a place that a commit has changed meanwhile, with
 * `value-refused` or `too-large`, and with the failures of opening and committing.
 */
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
    if (adopted.ok) await replaceFileOf(documents, settings.disk, edit.value);
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
      const head = { type: 'document.adopted', data: { file: edit.relative, version: edit.version ?? 0 } };
      tx.patch(
        stream,
        head,
        ops.map((op) => (op.op === 'remove' ? op : { ...op, value: copyJson(op.value) })),
      );
      return ok(ops.length);
    },
    { by: { ...by, tool: 'doctor' } },
  );
  return changed.ok ? ok({ stream, operations: changed.value.value, seq: changed.value.seq }) : changed;
}

/**
 * Replaces the edited file, whose edit is committed now, by the document. A file that was edited again meanwhile stays.
 */
async function replaceFileOf(documents: Documents, disk: Disk, edit: Edit): Promise<void> {
  try {
    if (!disk.readFile(edit.file).equals(edit.bytes)) return;
    disk.unlink(edit.file);
    const snapshot = documents.snapshot(edit.stream);
    if (snapshot !== undefined) await documents.store.putSnapshot(snapshot);
  } catch (error) {
    // Ignore file errors: the commit is made, and the file is only a cache that stays older.
    if (errnoOf(error) === undefined) throw error;
  }
}

/**
 * True if a commit has changed the place of an operation since the file was edited. Such an edit is refused, or it
 * would overwrite that commit.
 */
function hasMoved(base: Json | undefined, current: Json | undefined, op: PatchOp): boolean {
  let [was, is] = [base, current];
  for (const token of parsePointer(op.path)) {
    // Compare the whole array: an index names another element once one before it was added or removed.
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
