// Redacts a store: writes a new one without the given values and texts, with a new chain whose first commit records the
// redaction. Only reads the old store. The new one appears as a whole, verified and searched for the texts, or not at
// all. Called by cli/verbs/redact.ts.

import path from 'node:path';
import { v7 } from 'uuid';
import { type Failure, FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { encodeCommit, isSeal, parseLine } from '../../store/commit.ts';
import { type Disk, realDisk } from '../../store/file/disk.ts';
import { LogReader } from '../../store/file/past/log-reader.ts';
import { fileBackend } from '../../store/open.ts';
import type { Durability, Store } from '../../store/port.ts';
import { append, type Replayed, replay } from '../export/replay.ts';
import { blobsIn, linesOfStore } from '../export/source.ts';
import { checkSurroundings } from '../file/check-surroundings.ts';
import { listFiles } from '../file/files.ts';
import type { Finding } from '../file/findings.ts';
import { isInside, NewDirectory, whatStands, whyNotWritten } from '../file/new-directory.ts';
import { count } from '../file/report-text.ts';
import { verifyStore } from '../file/verify.ts';
import { CommitRedaction, type Wanted } from './commits.ts';

export interface RedactOptions {
  /** The store's directory. */
  dir: string;
  /** The directory to be created. */
  target: string;
  wanted: Wanted;
  /** The user to record as the author of the redaction. */
  user: string;
  durability: Durability;
  forceNetworkFs: boolean;
  /** True: only count the matches. */
  dry: boolean;
}

export interface Redacted {
  /** The id and the last seq of the store that was read. */
  from: { id: string; seq: number };
  /** Number of values taken out, by path as it was given. */
  paths: Record<string, number>;
  /** Number of occurrences of the texts taken out. */
  texts: number;
  commits: number;
  blobs: number;
  /** Number of stored answers taken out; their requests cannot be repeated any more. */
  answers: number;
  /** The new store; absent in a dry run. */
  made?: { id: string; seq: number; chain: string; missing: string[] };
}

interface Source {
  id: string;
  seq: number;
  /** The records of earlier redactions of this store. */
  earlier: Json[];
}

const DISK: Disk = realDisk;

/**
 * Counts the matches and, unless `dry`, makes the new store. Fails with `invalid-input` if nothing matches or the
 * target is unusable, `not-allowed` if the store is in use. Throws FailureError for damage, and for a text that cannot
 * be removed.
 */
export async function redactStore(options: RedactOptions): Promise<Result<Redacted>> {
  const { dir, wanted, dry } = options;
  const refused = refuseTarget(options) ?? (dry ? undefined : refuseServed(options));
  if (refused !== undefined) return fail(refused);
  const counted = new CommitRedaction(wanted, blobsIn(path.join(dir, 'blobs')));
  const source = look(dir, counted);
  const report: Redacted = {
    from: { id: source.id, seq: source.seq },
    paths: Object.fromEntries(wanted.paths.map(({ text }, at) => [text, counted.values[at] ?? 0])),
    texts: counted.texts.replaced,
    commits: counted.commits,
    blobs: counted.blobs,
    answers: counted.answers,
  };
  if (report.texts === 0 && counted.values.every((count) => count === 0)) {
    const why = 'nothing in the store matches, so nothing was written';
    return fail({ code: 'invalid-input', issues: [{ at: wanted.paths.length > 0 ? '--path' : '--text', why }] });
  }
  return dry ? ok(report) : await make(options, source, report);
}

function refuseTarget({ dir, target }: RedactOptions): Failure | undefined {
  const issue = (why: string): Failure => ({ code: 'invalid-input', issues: [{ at: target, why }] });
  if (isInside(dir, target)) return issue('a store inside the old one is no copy without it: choose another place');
  if (whatStands(DISK, target) === 'something') return issue('something is there: choose a new directory');
  if (DISK.stat(path.dirname(target))?.isDirectory !== true) return issue('its parent directory is not there');
  return undefined;
}

/** Refuses a store that servers use: their later commits would be missing in the new store. */
function refuseServed(options: RedactOptions): Failure | undefined {
  const { serving } = checkSurroundings({ ...options, disk: DISK }, listFiles(DISK, options.dir));
  if (serving.length === 0) return undefined;
  const who = serving.map(({ session, pid }) => `process ${pid} serves ${session}`).join(', ');
  return {
    code: 'not-allowed',
    what: 'Redacting a store that is in use',
    why: who,
    how: 'close those windows first; --dry-run counts meanwhile',
  };
}

/** Reads the whole store once: counts the matches, and throws FailureError if something cannot be removed. */
function look(dir: string, counted: CommitRedaction): Source {
  const source: Source = { id: '', seq: 0, earlier: [] };
  for (const line of linesOfStore(dir)) {
    source.seq += 1;
    const body = parseLine(line);
    if (body === undefined || isSeal(body)) continue;
    for (const { stream, type, patch } of body.events) {
      const [op] = stream === 'store' ? patch : [];
      if (op === undefined || op.op === 'remove') continue;
      if (type === 'store.created' && isObject(op.value)) source.id = String(op.value.id ?? '');
      if (type === 'store.redacted' && Array.isArray(op.value)) source.earlier = op.value;
    }
    counted.commit(body);
  }
  return source;
}

async function make(options: RedactOptions, source: Source, report: Redacted): Promise<Result<Redacted>> {
  const { dir, target, wanted } = options;
  const redaction = new CommitRedaction(wanted, blobsIn(path.join(dir, 'blobs')));
  let copy: NewDirectory | undefined;
  try {
    copy = new NewDirectory(DISK, target);
    const written = await write(options, source, report, { redaction, into: copy.temporary });
    if (!written.ok) throw new FailureError(written.failure);
    const made = check(options, copy.temporary, redaction);
    const now = new LogReader(DISK, `${dir}/log`).readAll().fold.seq;
    if (now !== source.seq) throw new FailureError(moved(now - source.seq));
    copy.publish();
    return ok({ ...report, made: { ...made, missing: written.value.missing } });
  } catch (error) {
    copy?.discard();
    return fail(whyNotWritten(error, 'the new store cannot be written'));
  }
}

async function write(
  options: RedactOptions,
  source: Source,
  report: Redacted,
  { redaction, into }: { redaction: CommitRedaction; into: string },
): Promise<Result<Replayed>> {
  const backend = fileBackend({ ...options, dir: into });
  const store = backend.openStore(() => undefined);
  try {
    const said = await recordRedaction(store, options.user, source, report);
    if (!said.ok) return said;
    const lines = () => linesOfStore(options.dir, source.seq);
    const rewrite = redaction.commit.bind(redaction);
    const blob = redaction.blob.bind(redaction);
    return await replay({ lines, blob, rewrite }, { store, blobs: backend.blobs }, true);
  } finally {
    await store.close();
  }
}

/**
 * Appends the commit that records the redaction: who made this store from which one, and how much was taken out, but
 * never what.
 */
async function recordRedaction(
  store: Store,
  user: string,
  source: Source,
  report: Redacted,
): Promise<Result<undefined>> {
  await store.refresh();
  const at = new Date().toISOString();
  const { texts, commits, blobs, answers } = report;
  const values = Object.values(report.paths).reduce((sum, count) => sum + count, 0);
  const data: JsonObject = { store: source.id, seq: source.seq, values, texts, commits, blobs, answers };
  const value = [...source.earlier, { at, by: user, ...data }];
  const encoded = encodeCommit({
    id: v7(),
    at,
    by: { user, tool: 'redact' },
    seen: store.seen(),
    expect: { store: store.expected('store') },
    events: [{ stream: 'store', type: 'store.redacted', data, patch: [{ op: 'add', path: '/redacted', value }] }],
  });
  return await append(store, [encoded]);
}

/**
 * Verifies the new store as doctor does, and searches its bytes for the texts. Throws FailureError `not-allowed` for a
 * text found, and for a fault that the old store does not have.
 */
function check(
  options: RedactOptions,
  made: string,
  { texts }: CommitRedaction,
): { id: string; seq: number; chain: string } {
  const found = findings(options, made);
  if (found.faults.length > 0) {
    const known = new Set(findings(options, options.dir).faults.map(nameOf));
    const fresh = found.faults.find((finding) => !known.has(nameOf(finding)));
    if (fresh !== undefined) throw new FailureError(unfit(`${fresh.where ?? ''} ${fresh.what}`));
  }
  // Searching the raw bytes is enough: only servers compress segments, and none has used this store yet.
  for (const { path: file, stat } of listFiles(DISK, made)) {
    if (stat.isFile && texts.inBytes(DISK.readFile(`${made}/${file}`)))
      throw new FailureError(unfit(`the text still stands in ${file}, perhaps in an id, a time or a sum`));
  }
  return found.made;
}

function findings({ durability, forceNetworkFs }: RedactOptions, dir: string) {
  const { report, rebuilder } = verifyStore({ disk: DISK, dir, durability, forceNetworkFs });
  const doc = rebuilder.documents.get('store')?.doc;
  const id = isObject(doc) ? String(doc.id ?? '') : '';
  const faults = report.findings.filter(({ level }) => level !== 'note');
  return { faults, made: { id, seq: report.seq, chain: report.chain } };
}

function nameOf({ code, where }: Finding): string {
  return `${code} ${where ?? ''}`;
}

function unfit(why: string): Failure {
  return {
    code: 'not-allowed',
    what: 'Keeping the new store',
    why: `it does not pass its check: ${why}; it was taken away again`,
    how: 'give a longer text, or the place with --path',
  };
}

function moved(lines: number): Failure {
  return {
    code: 'not-allowed',
    what: 'Redacting a store that is in use',
    why:
      `${count(lines, 'line')} of others came into it meanwhile, which the new store would lack; it was taken ` +
      `away again`,
    how: 'end all that uses the store, and repeat it',
  };
}
