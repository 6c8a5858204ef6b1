// Brings an export into another store: every commit is written anew through the store's port, with its author, time and
// id, resting on what it rested on there. Documents and their versions come out the same in any backend. Used by
// cli/import-export.ts and, with commits that are changed on the way, by redact/redact.ts.
//
// Seals stay behind: they speak of the bytes of files that are not here; the store seals its own. Everything is looked
// through once before the first line is written, so that an import is refused whole or can be done whole; one that was
// interrupted goes on where it stopped, since a commit is known by its id.

import { FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { type Commit, type EncodedCommit, type Expected, encodeCommit, headOf } from '../../store/commit.ts';
import type { Blobs, Store } from '../../store/port.ts';
import { Rebuilder } from '../file/rebuilt.ts';
import { commitsOf, type ExportedCommit } from './exported.ts';

export interface ReplaySource {
  /** From the first one on; called twice. */
  lines(): Iterable<Buffer>;
  /** The bytes of a blob, where the source has it. */
  blob(sha256: string): Buffer | undefined;
  /**
   * What is brought in instead of a commit, with the same id and events of the same streams; undefined: nothing. Called
   * twice for each.
   */
  rewrite?(commit: Commit): Commit | undefined;
}

export interface Replayed {
  commits: number;
  /** Here already, from an import before. */
  already: number;
  streams: number;
  blobs: number;
  /** Blobs that the log names and the source does not have. */
  missing: string[];
  /** Answers of repeated requests that were forgotten there in the meantime. */
  forgotten: number;
}

interface Target {
  store: Store;
  blobs: Blobs;
}

interface Plan {
  /** Ids of commits that are here. */
  known: Set<string>;
  rebuilder: Rebuilder;
  report: Replayed;
}

const BATCH_COMMITS = 200;
const BATCH_BYTES = 4 * 1024 * 1024;
const READ_COMMITS = 2_000;

/** Looks it through, and with `write` brings it in. Throws FailureError for a fault of the export. */
export async function replay(source: ReplaySource, target: Target, write: boolean): Promise<Result<Replayed>> {
  const plan = await look(source, target.store);
  if (!plan.ok || !write) return plan.ok ? ok(plan.value.report) : plan;
  const { report, rebuilder } = plan.value;
  // Before the lines that name them.
  for (const sha256 of rebuilder.blobs.keys()) {
    const bytes = source.blob(sha256);
    if (bytes !== undefined && target.blobs.put(bytes) === sha256) report.blobs += 1;
    else report.missing.push(sha256);
  }
  const written = await writeAll(source, target.store, plan.value);
  return written.ok ? ok(report) : written;
}

/** What it would do, and whether it can: every stream must stand where the commits that change it expect it. */
async function look(source: ReplaySource, store: Store): Promise<Result<Plan>> {
  await store.refresh();
  const known = new Set<string>();
  for (let seq = 0; seq < store.seq(); ) {
    const commits = await store.readAll(seq, READ_COMMITS);
    for (const { commit } of commits) known.add(commit.id);
    const last = commits.at(-1)?.seq;
    if (last === undefined) break;
    seq = last;
  }
  const report: Replayed = { commits: 0, already: 0, streams: 0, blobs: 0, missing: [], forgotten: 0 };
  const rebuilder = new Rebuilder();
  // A store that a dry run only imagines has no first line yet.
  const versions = new Map([['store', Math.max(1, store.expected('store')[0])]]);
  for (const { seq, sum, commit } of commitsIn(source)) {
    const foreign = Object.entries(commit.expect).find(([stream, [version]]) => {
      const here = versions.get(stream) ?? store.expected(stream)[0];
      return here !== version && !known.has(commit.id) && !isRequest(stream);
    });
    if (foreign !== undefined) return fail(notFresh(seq, foreign[0]));
    if (known.has(commit.id)) report.already += 1;
    else report.commits += 1;
    for (const { stream } of commit.events) {
      if (!known.has(commit.id)) versions.set(stream, (versions.get(stream) ?? store.expected(stream)[0]) + 1);
      report.streams += rebuilder.documents.has(stream) || isRequest(stream) ? 0 : 1;
    }
    rebuilder.apply({ seq, sum, commit } as Parameters<Rebuilder['apply']>[0]);
  }
  return ok({ known, rebuilder, report });
}

function notFresh(seq: number, stream: string) {
  return {
    code: 'not-allowed' as const,
    what: 'Importing an export here',
    why: `line ${seq} expects ${stream} otherwise than it is: this store has a life of its own`,
    how: 'import it into a store that does not exist yet: --state-dir <a new directory>',
  };
}

/** Without the first line: a store is born once, and this one has its own. */
function* commitsIn(source: ReplaySource): Generator<ExportedCommit> {
  for (const exported of commitsOf(source.lines())) {
    if (isBirth(exported)) continue;
    const commit = source.rewrite === undefined ? exported.commit : source.rewrite(exported.commit);
    if (commit !== undefined) yield { ...exported, commit };
  }
}

async function writeAll(source: ReplaySource, store: Store, { known, report }: Plan): Promise<Result<undefined>> {
  let batch: EncodedCommit[] = [];
  let bytes = 0;
  let ahead = new Map<string, Expected>();
  const flush = async (): Promise<Result<undefined>> => {
    const written = await append(store, batch);
    batch = [];
    bytes = 0;
    ahead = new Map();
    return written;
  };
  for (const exported of commitsIn(source)) {
    if (known.has(exported.commit.id)) continue;
    const encoded = rewritten(store, exported, ahead, report);
    for (const { stream } of encoded.commit.events) {
      const [version] = ahead.get(stream) ?? store.expected(stream);
      ahead.set(stream, [version + 1, headOf(encoded.sum)]);
    }
    batch.push(encoded);
    bytes += encoded.sizeBytes;
    if (batch.length < BATCH_COMMITS && bytes < BATCH_BYTES) continue;
    const written = await flush();
    if (!written.ok) return written;
    await store.upkeep?.seal();
  }
  return await flush();
}

/** The commit as it stands here: expecting the same versions, with the heads that their lines have here. */
function rewritten(
  store: Store,
  { commit }: ExportedCommit,
  ahead: ReadonlyMap<string, Expected>,
  report: Replayed,
): EncodedCommit {
  const here = (stream: string): Expected => ahead.get(stream) ?? store.expected(stream);
  // Asked for again after it was forgotten there, while it is remembered here: nobody waits for either any more.
  const stale = new Set(
    Object.entries(commit.expect).flatMap(([stream, [version]]) =>
      isRequest(stream) && here(stream)[0] !== version ? [stream] : [],
    ),
  );
  report.forgotten += stale.size;
  const expect = Object.fromEntries(
    Object.keys(commit.expect).flatMap((stream) => (stale.has(stream) ? [] : [[stream, here(stream)]])),
  );
  const events = commit.events.filter(({ stream }) => !stale.has(stream));
  return encodeCommit({ ...commit, seen: store.seen(), expect, events });
}

/** Writes commits that nobody else must come between: one tick between looking and writing, as the port wants it. */
export async function append(store: Store, batch: readonly EncodedCommit[]): Promise<Result<undefined>> {
  if (batch.length === 0) return ok(undefined);
  await store.refresh();
  const { outcomes, durable } = store.append(batch);
  const wrong = outcomes.find(({ kind }) => kind !== 'won');
  if (wrong !== undefined) {
    durable.catch(() => undefined);
    if (wrong.kind === 'failed') throw wrong.error;
    if (wrong.kind === 'unknown') return fail({ code: 'outcome-unknown', why: wrong.why });
    const why = 'somebody else writes into this store';
    const how = 'let nobody use it until the import is done, and repeat the call: it goes on where it stopped';
    return fail({ code: 'not-allowed', what: 'Importing an export here', why, how });
  }
  try {
    await durable;
    return ok(undefined);
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  }
}

function isBirth({ seq, commit }: ExportedCommit): boolean {
  return seq === 1 && commit.events.every(({ stream }) => stream === 'store');
}

function isRequest(stream: string): boolean {
  return stream.startsWith('request/');
}
