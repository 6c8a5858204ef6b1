// The manifest of a backup: its seq and chain, and the SHA-256 of each of its files. A backup has the layout of a store
// (log, blobs) plus this file, so whatever reads a store reads a backup. Written by backup.ts; read by backup.ts,
// restore.ts and rotation.ts.

import { hash } from 'node:crypto';
import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import { isObject } from '../../json/json.ts';
import { type Disk, errnoOf } from '../../store/file/disk.ts';
import { STORE_FORMAT } from '../../store/formats.ts';

export const MANIFEST = 'manifest.json';

export interface ManifestFile {
  bytes: number;
  sha256: string;
}

export interface Manifest {
  /** The store's format number. */
  format: number;
  seq: number;
  chain: string;
  made_at: string;
  /** Files by path relative to the backup. */
  files: Record<string, ManifestFile>;
}

export function describeFile(bytes: Uint8Array): ManifestFile {
  return { bytes: bytes.length, sha256: hash('sha256', bytes) };
}

/**
 * Reads the manifest of a backup. Fails with `invalid-input` if the directory is no backup, `store-newer` if a newer
 * Baton made it, `store-damaged` if the manifest has another shape.
 */
export function readManifest(disk: Disk, backup: string): Result<Manifest> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(disk.readFile(`${backup}/${MANIFEST}`).toString('utf8'));
  } catch (error) {
    const why = errnoOf(error) === undefined ? `its ${MANIFEST} is no JSON` : `it has no ${MANIFEST}: it is no backup`;
    return fail({ code: 'invalid-input', issues: [{ at: backup, why }] });
  }
  if (isObject(parsed) && typeof parsed.format === 'number' && parsed.format > STORE_FORMAT)
    return fail({ code: 'store-newer', what: 'the backup', found: parsed.format, known: STORE_FORMAT });
  if (isManifest(parsed)) return ok(parsed);
  return fail(unsound(backup, MANIFEST, 'it does not have the shape of a manifest'));
}

/** Checks the files against the manifest; returns `store-damaged` for the first one that differs. */
export function checkFiles(disk: Disk, backup: string, manifest: Manifest): Failure | undefined {
  for (const [path, expected] of Object.entries(manifest.files)) {
    const bytes = readFile(disk, `${backup}/${path}`);
    if (bytes === undefined) return unsound(backup, path, 'this file of the backup is missing or cannot be read');
    const found = describeFile(bytes);
    if (found.bytes !== expected.bytes)
      return unsound(backup, path, `it has ${found.bytes} bytes, and the manifest says ${expected.bytes}`);
    if (found.sha256 !== expected.sha256) return unsound(backup, path, 'its SHA-256 is not that of the manifest');
  }
  return undefined;
}

/** The failure `store-damaged` for a file of a backup. */
export function unsound(backup: string, path: string, why: string): Failure {
  return { code: 'store-damaged', file: `${backup}/${path}`, offset: 0, why };
}

function readFile(disk: Disk, path: string): Buffer | undefined {
  try {
    return disk.stat(path)?.isFile ? disk.readFile(path) : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (!isObject(value) || !isObject(value.files)) return false;
  const { format, seq, chain, made_at, files } = value;
  if (typeof format !== 'number' || typeof seq !== 'number') return false;
  if (typeof chain !== 'string' || typeof made_at !== 'string') return false;
  // Allow names in the two folders of a backup only, because they are joined to paths.
  return Object.entries(files).every(
    ([path, file]) =>
      /^(log\/\d{12}\.jsonl(\.gz)?|blobs\/[0-9a-f]{64})$/.test(path) &&
      isObject(file) &&
      typeof file.bytes === 'number' &&
      typeof file.sha256 === 'string',
  );
}
