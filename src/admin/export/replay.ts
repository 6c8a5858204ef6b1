// Brings an export into another store: writes every commit anew through the store's port, with its author, time and id,
// expecting the same versions. Documents and their versions come out the same in any backend. Used by
// cli/import-export.ts and, with commits that are rewritten on the way, by redact/redact.ts.
//
// Seals are skipped, because they describe files of the other store; this store makes its own. The whole export is
// checked before the first line is written, so that it is refused as a whole or can be imported as a whole. An
// interrupted import goes on where it stopped, because a commit is known by its id.

import { FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { type Commit, type EncodedCommit, type Expected, encodeCommit, headOf } from '../../store/commit.ts';
import type { Blobs, Store } from '../../store/port.ts';
import { Rebuilder } from '../file/rebuilt.ts';
import { commitsOf, type ExportedCommit } from './exported.ts';

export interface ReplaySource {
  /** The lines of the export from its first one on; called twice. */
  lines(): Iterable<Buffer>;
  /** The bytes of a blob, if the source has it. */
  blob(sha256: string): Buffer | undefined;
  /**
   * Replaces a commit by one with the same id and events of the same streams, or by none (undefined). Called twice for
   * each commit.
   */
  rewrite?(commit: Commit): Commit | undefined;
}

export interface Replayed {
  commits: number;
  /** Commits that an earlier import has brought in. */
  already: number;
  streams: number;
  blobs: number;
  /** Hashes of blobs that the log names and the source does not have. */
  missing: string[];
  /**
   * Events of requests left out, because this store still remembers an earlier request of the same name that the other
   * store had let expire.
   */
  forgotten: number;
}

interface Target {
  store: Store;
  blobs: Blobs;
}

interface Plan {
  /** Ids of the commits in this store. */
  known: Set<string>;
  rebuilder: Rebuilder;
  report: Replayed;
}

const BATCH_COMMITS = 200;
const BATCH_BYTES = 4 * 1024 * 1024;
const READ_COMMITS = 2_000;

/**
 * Checks an export and, with `write`, imports it. Fails with `not-allowed` if a stream is not as the export expects it
 * or somebody else writes meanwhile, `outcome-unknown` if a sync fails. Throws FailureError for a fault of the export.
 */
export async function replay(source: ReplaySource, target: Target, write: boolean): Promise<Result<Replayed>> {
  const plan = await look(source, target.store);
  if (!plan.ok || !write) return plan.ok ? ok(plan.value.report) : plan;
  const { report, rebuilder } = plan.value;
  // Write the blobs before the lines that name them.
  for (const sha256 of rebuilder.blobs.keys()) {
    const bytes = source.blob(sha256);
    if (bytes !== undefined && target.blobs.put(bytes) === sha256) report.blobs += 1;
    else report.missing.push(sha256);
  }
  const written = await writeAll(source, target.store, plan.value);
  return written.ok ? ok(report) : written;
}

/**
 * Reads the export once and checks that it can be imported: every stream must have the version that the commits expect.
 */
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
  // The first line of a store creates the stream `store`; the empty store of a dry run does not have it yet.
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

/**
 * The commits to import: without the first line, because this store has its own, and rewritten where the source does
 * so.
 */
function* commitsIn(source: ReplaySource): Generator<ExportedCommit> {
  for (const exported of commitsOf(source.lines())) {
    if (isCreation(exported)) continue;
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
    if (encoded === undefined) continue;
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

/**
 * Encodes a commit for this store: it expects the same versions, with the heads of this store's lines. Undefined if all
 * its events are left out, because a commit without events is void.
 */
function rewritten(
  store: Store,
  { commit }: ExportedCommit,
  ahead: ReadonlyMap<string, Expected>,
  report: Replayed,
): EncodedCommit | undefined {
  const here = (stream: string): Expected => ahead.get(stream) ?? store.expected(stream);
  // Requests that expired in the other store and were made again, while this store remembers the first one: leave the
  // second one out, because nobody waits for its answer any more.
  const stale = new Set(
    Object.entries(commit.expect).flatMap(([stream, [version]]) =>
      isRequest(stream) && here(stream)[0] !== version ? [stream] : [],
    ),
  );
  report.forgotten += stale.size;
  const events = commit.events.filter(({ stream }) => !stale.has(stream));
  if (events.length === 0) {
    report.commits -= 1;
    return undefined;
  }
  const expect = Object.fromEntries(
    Object.keys(commit.expect).flatMap((stream) => (stale.has(stream) ? [] : [[stream, here(stream)]])),
  );
  return encodeCommit({ ...commit, seen: store.seen(), expect, events });
}

/**
 * Appends commits and waits until they are durable. Refreshes and appends in one tick, as the port demands. Fails with
 * `not-allowed` if another writer came in between, `outcome-unknown` if a sync fails.
 */
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

function isCreation({ seq, commit }: ExportedCommit): boolean {
  return seq === 1 && commit.events.every(({ stream }) => stream === 'store');
}

function isRequest(stream: string): boolean {
  return stream.startsWith('request/');
}
