// The loop of every change: refresh, decide, write and read back in one tick; then flush; then answer. Commands that
// wait together share one write and one sync. A command that loses a race has its edits undone and decides again. Used
// by documents.ts.

import { pooledIds } from '../base/ids.ts';
import { type Failure, FailureError, fail, ok, type Result } from '../failure/failure.ts';
import { encodeCommit, MAX_LINE_BYTES } from '../store/commit.ts';
import { HeadsAfter } from '../store/heads.ts';
import type { Outcome, Store } from '../store/port.ts';
import type { DocumentCache } from './cache.ts';
import { contextOf, type World } from './context.ts';
import { answeredBefore, noteAnswer } from './requests.ts';
import { retryDelayMs, SLOW_TRY_MS, wantsTurn } from './retry.ts';
import type { Answered, Job, Staged } from './shapes.ts';
import { DocumentTransaction } from './transaction.ts';

/** The most commits, and bytes, that waiting commands share in one write. */
const MAX_BATCH_COMMITS = 512;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

export class BatchLoop {
  /**
   * The number of commands without an answer. A command that waits for its next try is in no queue, so the queue's
   * length does not count it.
   */
  underWay = 0;
  private readonly storeOf: () => Store;
  private readonly cache: DocumentCache;
  private readonly world: World;
  private readonly commitIds = pooledIds();
  private queue: Job[] = [];
  private scheduled = false;
  /** Commands that are decided and applied in memory but not read back yet, in the order of the batch. */
  private staged: Staged[] = [];

  /** The store is passed as a function because it reports commits while it opens. */
  constructor(storeOf: () => Store, cache: DocumentCache, world: World) {
    this.storeOf = storeOf;
    this.cache = cache;
    this.world = world;
  }

  /** Takes a command into the queue. */
  add(job: Job): void {
    this.underWay += 1;
    this.enqueue(job);
  }

  /**
   * Called with commits that the store has folded. True if they are the staged ones, which are applied already;
   * otherwise the staged ones are undone.
   */
  confirm(own: boolean): boolean {
    if (own && this.staged.length > 0) {
      this.staged = [];
      return true;
    }
    this.rollBack();
    return false;
  }

  private enqueue(job: Job): void {
    this.queue.push(job);
    this.schedule();
  }

  /**
   * Runs the queue at the end of this tick: by then all commands of one chunk of input have arrived, and share one
   * write. During a sync it waits for the sync's end, as the next write has to anyway: commands that arrive meanwhile
   * join that write.
   */
  private schedule(): void {
    if (this.scheduled || this.queue.length === 0) return;
    this.scheduled = true;
    const soon = () => process.nextTick(() => this.runBatch());
    const busy = this.storeOf().busy();
    if (busy === undefined) soon();
    else busy.then(soon, soon);
  }

  private runBatch(): void {
    const jobs = this.queue.splice(0, MAX_BATCH_COMMITS);
    const urgent = jobs.some((job) => wantsTurn(job.losses, job.slowTries));
    const turn = this.storeOf().takeTurn(urgent);
    const run = turn === undefined ? this.attempt(jobs) : turn.then((release) => this.attempt(jobs, release));
    const done = () => {
      this.scheduled = false;
      this.schedule();
    };
    const abandon = (error: unknown) => {
      for (const job of jobs) this.crash(job, error);
      done();
    };
    if (run === undefined) done();
    else run.then(done, abandon);
  }

  /** One try of a batch. Synchronous from the refresh to the read-back if the backend is synchronous. */
  private attempt(jobs: readonly Job[], release?: () => void): Promise<void> | undefined {
    const fail = (error: unknown): void => {
      this.rollBack();
      for (const job of jobs) this.giveUp(job, error);
    };
    const abandon = (error: unknown): void => {
      fail(error);
      release?.();
    };
    const decide = (): void => {
      try {
        this.decideAll(jobs);
      } catch (error) {
        fail(error);
      } finally {
        release?.();
      }
    };
    try {
      const refreshed = this.storeOf().refresh();
      // The turn is kept until the batch is decided, however long the backend takes.
      if (refreshed !== undefined) return refreshed.then(decide, abandon);
    } catch (error) {
      abandon(error);
      return undefined;
    }
    decide();
    return undefined;
  }

  private decideAll(jobs: readonly Job[]): void {
    const heads = new HeadsAfter((stream) => this.storeOf().expected(stream));
    const answered: Answered[] = [];
    let sizeBytes = 0;
    for (const [index, job] of jobs.entries()) {
      if (sizeBytes > MAX_BATCH_BYTES) {
        this.queue.unshift(...jobs.slice(index));
        break;
      }
      sizeBytes += this.decide(job, heads, answered);
    }
    if (this.staged.length === 0) this.answerAll(answered, []);
    else this.appendStaged(answered);
  }

  /**
   * Decides one job on the documents as the jobs before it in the batch leave them. Returns the bytes that it adds to
   * the write.
   */
  private decide(job: Job, heads: HeadsAfter, answered: Answered[]): number {
    const tx = new DocumentTransaction(this.cache, heads);
    const startedAt = performance.now();
    try {
      const result = this.tryOnce(job, tx);
      if (performance.now() - startedAt >= SLOW_TRY_MS) job.slowTries += 1;
      if (job.supplies.mustFetch()) this.fetchLacking(job);
      else if (!result.ok) answered.push({ job, result, after: this.staged.length });
      else if (tx.events.length > 0) return this.stage(job, tx, result.value, heads, answered);
      else {
        const unchanged = { value: result.value, seq: 0, replayed: job.replayed, changed: false };
        answered.push({ job, result: ok(unchanged), after: this.staged.length });
      }
    } catch (error) {
      if (job.supplies.mustFetch()) this.fetchLacking(job);
      // An unreadable document is treated like a refusal: this try may have read an edit that loses.
      else if (error instanceof FailureError)
        answered.push({ job, result: fail(error.failure), after: this.staged.length });
      else this.crash(job, error);
    }
    tx.revert();
    return 0;
  }

  /** The command's answer, or the answer that was stored for its request. */
  private tryOnce(job: Job, tx: DocumentTransaction): Result<unknown> {
    const { by, supplies, request } = job;
    const { blobs } = this.world;
    supplies.begin();
    const before = request === undefined ? undefined : answeredBefore(tx, request, blobs);
    job.replayed = before !== undefined;
    if (before !== undefined) return before;
    const result = job.decide(tx, contextOf(this.world, { by, tx, staged: this.staged, supplies }));
    if (request !== undefined && result.ok) noteAnswer(tx, request, result.value, blobs);
    return result;
  }

  /** Requeues the job once the values that its try lacked are fetched. */
  private fetchLacking(job: Job): void {
    const again = (): void => this.enqueue(job);
    // Not at once: the rest of its batch is between refresh and write, where every delay loses races.
    setImmediate(() => job.supplies.fetch(job.deadlineAt).then(again, (error) => this.giveUp(job, error)));
  }

  private stage(job: Job, tx: DocumentTransaction, value: unknown, heads: HeadsAfter, answered: Answered[]): number {
    for (const stream of job.alsoExpect) tx.touch(stream);
    const { by, trace } = job;
    const { expect, events } = tx;
    const [id, at, seen] = [this.commitIds(), new Date(this.world.now()).toISOString(), this.storeOf().seen()];
    const commit =
      trace === undefined ? { id, at, by, seen, expect, events } : { id, at, by, trace, seen, expect, events };
    const encoded = encodeCommit(commit);
    if (encoded.sizeBytes > MAX_LINE_BYTES) {
      tx.revert();
      const [limit, actual] = [MAX_LINE_BYTES, encoded.sizeBytes];
      const instead = 'make it in several smaller changes';
      const failure: Failure = { code: 'too-large', what: 'the change', limit, actual, instead };
      answered.push({ job, result: fail(failure), after: this.staged.length });
      return 0;
    }
    heads.add(encoded);
    // Before the store reports the commit: a process that writes a place is often asked next who wrote it.
    this.world.writers.track(events);
    this.staged.push({ job, tx, encoded, value });
    return encoded.sizeBytes;
  }

  private appendStaged(answered: readonly Answered[]): void {
    const batch = this.staged;
    try {
      const { outcomes, durable } = this.storeOf().append(batch.map((entry) => entry.encoded));
      this.rollBack();
      for (const { tx } of batch) this.cache.forgetRequests(tx.events);
      for (const [index, entry] of batch.entries()) this.conclude(entry, outcomes[index], durable);
      this.answerAll(answered, outcomes);
    } catch (error) {
      this.rollBack();
      for (const { job } of [...batch, ...answered]) this.giveUp(job, error);
    }
  }

  private conclude({ job, tx, value }: Staged, outcome: Outcome | undefined, durable: Promise<void>): void {
    switch (outcome?.kind) {
      case 'won': {
        const changed = { value, seq: outcome.seq, replayed: job.replayed, changed: true };
        durable.then(
          () => this.finish(job, ok(changed)),
          (error) => this.giveUp(job, error),
        );
        return;
      }
      case 'unknown':
        this.finish(job, fail({ code: 'outcome-unknown', why: outcome.why }));
        return;
      case 'failed':
        this.giveUp(job, outcome.error);
        return;
      default:
        for (const stream of Object.keys(tx.expect)) job.alsoExpect.add(stream);
        this.retry(job);
    }
  }

  private retry(job: Job): void {
    job.losses += 1;
    const delayMs = retryDelayMs(job.losses);
    if (delayMs === undefined || performance.now() > job.deadlineAt) {
      this.finish(job, fail({ code: 'contended', tries: job.losses, streams: [...job.alsoExpect].slice(0, 5) }));
    } else if (delayMs === 0) {
      this.enqueue(job);
    } else {
      setTimeout(() => this.enqueue(job), delayMs);
    }
  }

  /**
   * Answers jobs without a commit. Such an answer is valid only if the command has read no edit that lost, and what it
   * read is durable.
   */
  private answerAll(answered: readonly Answered[], outcomes: readonly Outcome[]): void {
    const firstLost = outcomes.findIndex((outcome) => outcome.kind !== 'won');
    for (const { job, result, after } of answered) {
      if (firstLost >= 0 && firstLost < after) {
        this.enqueue(job);
        continue;
      }
      const flushing = this.storeOf().flush();
      const answer = result.ok ? ok({ ...result.value, seq: this.seqOf(job) }) : result;
      if (flushing === undefined) this.finish(job, answer);
      else
        flushing.then(
          () => this.finish(job, answer),
          (error) => this.giveUp(job, error),
        );
    }
  }

  /**
   * The seq of an answer without a commit. A repeat gets the seq of the first call's commit; any other gets the newest
   * seq, since the commits staged before it are in the log now.
   */
  private seqOf({ replayed, request }: Job): number {
    const store = this.storeOf();
    return replayed && request !== undefined ? store.lastSeq(request.stream) : store.seq();
  }

  private finish(job: Job, result: Parameters<Job['resolve']>[0]): void {
    if (this.end(job)) job.resolve(result);
  }

  private crash(job: Job, error: unknown): void {
    if (this.end(job)) job.reject(error);
  }

  /** True the first time: a failure in the middle of a batch gives up jobs that have been answered already. */
  private end(job: Job): boolean {
    if (job.ended) return false;
    job.ended = true;
    this.underWay -= 1;
    return true;
  }

  private giveUp(job: Job, error: unknown): void {
    if (error instanceof FailureError) this.finish(job, fail(error.failure));
    else this.crash(job, error);
  }

  /** Undoes what is decided but not confirmed, the last first. To be called before others' commits are applied. */
  private rollBack(): void {
    const staged = this.staged;
    this.staged = [];
    for (let at = staged.length - 1; at >= 0; at -= 1) staged[at]?.tx.revert();
  }
}
