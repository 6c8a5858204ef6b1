// The loop of every change: tail the log, decide, write, read back, all in one tick; then make it durable; then answer.
// A lost race undoes its edits and decides again. Tools, runner and views reach the store only through this.

import { setTimeout as sleep } from 'node:timers/promises';
import { pooledIds } from '../base/ids.ts';
import type { Decide } from '../domain/command.ts';
import { type Failure, FailureError, fail, ok, type Result } from '../failure/failure.ts';
import { type Author, encodeCommit, MAX_LINE_BYTES } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { HeadsAfter } from '../store/heads.ts';
import type { Blobs, Outcome, Presence, Snapshot, Store } from '../store/port.ts';
import { DocumentCache } from './cache.ts';
import { contextOf, type World } from './context.ts';
import { Decision } from './decision.ts';
import { Graphs } from './definitions.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import { type CommitsListener, tell } from './listeners.ts';
import { type Repeatable, repeatable } from './requests.ts';
import { retryDelayMs, SLOW_DECISION_MS, wantsTurn } from './retry.ts';
import type { Changed, ChangeOptions, DocumentsParts, Job, Settled, Staged, View } from './shapes.ts';
import { Supplies } from './supplies.ts';
import { snapshotOf, viewOf } from './view.ts';
import { Writers } from './writers.ts';

/** What waits in the process goes out in one write and one fsync, up to this much. */
const MAX_BATCH_COMMITS = 512;
/** How old what a peek shows may be. */
const PEEK_EVERY_MS = 1;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

export type { Changed, ChangeOptions, DocumentsParts, View };

export class Documents {
  readonly blobs: Blobs;
  readonly presence: Presence;
  readonly graphs: Graphs;
  private readonly world: World;
  private readonly cache: DocumentCache;
  private readonly opened: Store;
  private readonly listeners = new Set<CommitsListener>();
  private readonly commitIds = pooledIds();
  private queue: Job[] = [];
  private scheduled = false;
  private peekedAt = 0;
  /** Commands that have no answer yet: one that lost a race waits in no queue for its next try. */
  private underWay = 0;
  private closing = false;
  private staged: Staged[] = [];

  /** Opens the store. Throws FailureError if it must not be opened. */
  constructor(parts: DocumentsParts) {
    this.blobs = parts.blobs;
    this.presence = parts.presence;
    this.graphs = new Graphs(parts.blobs);
    this.world = { ...parts, graphs: this.graphs, writers: new Writers(() => this.opened) };
    this.cache = new DocumentCache(() => this.opened);
    this.opened = parts.openStore((commits, own) => this.onCommits(commits, own));
  }

  /** The store below: for maintenance, history and doctor. Tools have no use for it. */
  get store(): Store {
    return this.opened;
  }

  /** Runs a command until it is committed, refused, or out of time. Contract: rejects only for bugs. */
  change<A>(decide: Decide<A>, options: ChangeOptions): Promise<Result<Changed<A>>> {
    const { by, request, trace } = options;
    const once = repeatable(decide, request, by, this.blobs);
    return new Promise((resolve, reject) => {
      this.underWay += 1;
      const ended =
        <T>(then: (what: T) => void) =>
        (what: T) => {
          this.underWay -= 1;
          then(what);
        };
      if (this.closing) {
        ended(resolve)(fail({ code: 'read-only', why: 'the store is being closed' }));
        return;
      }
      this.enqueue({
        run: (decision, supplies) =>
          once(decision, contextOf(this.world, { by, decision, staged: this.staged, supplies })),
        by,
        trace,
        losses: 0,
        slowTries: 0,
        alsoExpect: new Set(),
        supplies: new Supplies(),
        deadlineAt: options.deadlineAt ?? Number.POSITIVE_INFINITY,
        finish: ended((result) => resolve(result as Result<Changed<A>>)),
        crash: ended(reject),
      });
    });
  }

  /** Runs a command without committing it: its answer and the events it would have made. */
  dryRun<A>(decide: Decide<A>, by: Author): Promise<Result<DryRun<A>>> {
    return dryRun(decide, { store: this.opened, cache: this.cache, world: this.world, by });
  }

  /** Calls `look` on the freshest documents, and resolves with what it returned once that is durable. */
  async read<T>(look: (view: View) => T): Promise<T> {
    const refreshed = this.opened.refresh();
    if (refreshed !== undefined) await refreshed;
    const answer = look(viewOf(this.opened, this.cache));
    const settling = this.opened.flush();
    if (settling !== undefined) await settling;
    return answer;
  }

  /** Calls `look` on the documents as they are now, durable or not: for finding one's way, never for an answer. */
  peek<T>(look: (view: View) => T): T {
    const now = performance.now();
    // A burst of calls arrives in one tick; the first look has seen what the others would.
    if (now - this.peekedAt > PEEK_EVERY_MS) {
      this.opened.refresh();
      this.peekedAt = now;
    }
    return look(viewOf(this.opened, this.cache));
  }

  /** A document as a snapshot that fits the log now; undefined for a stream without events. */
  snapshot(stream: string): Snapshot | undefined {
    return snapshotOf(this.opened, this.cache, stream);
  }

  /** How often documents that were asked for were in memory. */
  counts(): ReturnType<DocumentCache['counts']> {
    return this.cache.counts();
  }

  /** Calls back after commits of any process were applied here. A hint: read through `read` before answering. */
  onChange(listener: CommitsListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Waits for commands under way, then closes the store. */
  async close(): Promise<void> {
    this.closing = true;
    while (this.underWay > 0) await sleep(1);
    await this.opened.close();
  }

  private enqueue(job: Job): void {
    this.queue.push(job);
    this.schedule();
  }

  /**
   * Once all that is running has run: all commands of one chunk of input have arrived by then, and share one write.
   * While a sync is under way the next has to wait for it anyway: what comes meanwhile joins the same write.
   */
  private schedule(): void {
    if (this.scheduled || this.queue.length === 0) return;
    this.scheduled = true;
    const soon = () => process.nextTick(() => this.flush());
    const busy = this.opened.busy();
    if (busy === undefined) soon();
    else busy.then(soon, soon);
  }

  private flush(): void {
    const jobs = this.queue.splice(0, MAX_BATCH_COMMITS);
    const urgent = jobs.some((job) => wantsTurn(job.losses, job.slowTries));
    const turn = this.opened.takeTurn(urgent);
    const run = turn === undefined ? this.attempt(jobs) : turn.then((release) => this.attempt(jobs, release));
    const done = () => {
      this.scheduled = false;
      this.schedule();
    };
    if (run === undefined) done();
    else run.then(done, (error) => this.abandon(jobs, error, done));
  }

  private abandon(jobs: readonly Job[], error: unknown, done: () => void): void {
    for (const job of jobs) job.crash(error);
    done();
  }

  /** One try for a batch. Synchronous from the tail to the read-back where the backend allows it. */
  private attempt(jobs: readonly Job[], release?: () => void): Promise<void> | undefined {
    try {
      const refreshed = this.opened.refresh();
      if (refreshed === undefined) {
        this.decideAll(jobs);
        return undefined;
      }
      return refreshed.then(() => this.decideAll(jobs));
    } catch (error) {
      this.rollBack();
      for (const job of jobs) this.giveUp(job, error);
      return undefined;
    } finally {
      release?.();
    }
  }

  private decideAll(jobs: readonly Job[]): void {
    const heads = new HeadsAfter((stream) => this.opened.expected(stream));
    const settled: Settled[] = [];
    let sizeBytes = 0;
    for (const [index, job] of jobs.entries()) {
      if (sizeBytes > MAX_BATCH_BYTES) {
        this.queue.unshift(...jobs.slice(index));
        break;
      }
      sizeBytes += this.decide(job, heads, settled);
    }
    if (this.staged.length === 0) this.settleAll(settled, []);
    else this.appendStaged(settled);
  }

  /** Decides one job on the documents as the jobs before it in the batch leave them. Returns the bytes it adds. */
  private decide(job: Job, heads: HeadsAfter, settled: Settled[]): number {
    const decision = new Decision(this.cache, (stream) => heads.expected(stream));
    const { supplies } = job;
    const startedAt = performance.now();
    let result: Result<Repeatable<unknown>>;
    supplies.begin();
    try {
      result = job.run(decision, supplies);
    } catch (error) {
      decision.revert();
      // A document that cannot be read is an answer like a refusal: it may rest on an edit that is then lost.
      if (supplies.mustFetch(true)) this.fetchLacking(job);
      else if (error instanceof FailureError)
        settled.push({ job, result: fail(error.failure), after: this.staged.length });
      else job.crash(error);
      return 0;
    }
    if (performance.now() - startedAt >= SLOW_DECISION_MS) job.slowTries += 1;
    if (supplies.mustFetch(!result.ok)) {
      decision.revert();
      this.fetchLacking(job);
      return 0;
    }
    if (!result.ok || decision.events.length === 0) {
      decision.revert();
      settled.push({ job, result: result.ok ? ok(this.unchanged(result.value)) : result, after: this.staged.length });
      return 0;
    }
    try {
      return this.stage(job, decision, result.value, heads, settled);
    } catch (error) {
      // What cannot be made a line (longer than a string can be) is one command's trouble, not its batch's.
      decision.revert();
      this.giveUp(job, error);
      return 0;
    }
  }

  /** Decided again once what the try lacked is fetched. */
  private fetchLacking(job: Job): void {
    const again = (): void => this.enqueue(job);
    // Not at once: the rest of its batch is between its tail and its write, where time costs lost races.
    setImmediate(() => job.supplies.fetch(job.deadlineAt).then(again, (error) => this.giveUp(job, error)));
  }

  private unchanged(answer: Repeatable<unknown>): Changed<unknown> {
    return { value: answer.value, seq: this.opened.seq(), replayed: answer.replayed, changed: false };
  }

  private stage(
    job: Job,
    decision: Decision,
    answer: Repeatable<unknown>,
    heads: HeadsAfter,
    settled: Settled[],
  ): number {
    for (const stream of job.alsoExpect) decision.touch(stream);
    const { by, trace } = job;
    const { expect, events } = decision;
    const [id, at, seen] = [this.commitIds(), new Date(this.world.now()).toISOString(), this.opened.seen()];
    const commit =
      trace === undefined ? { id, at, by, seen, expect, events } : { id, at, by, trace, seen, expect, events };
    const encoded = encodeCommit(commit);
    if (encoded.sizeBytes > MAX_LINE_BYTES) {
      decision.revert();
      const failure: Failure = {
        code: 'too-large',
        what: 'the change',
        limit: MAX_LINE_BYTES,
        actual: encoded.sizeBytes,
        instead: 'make it in several smaller changes',
      };
      settled.push({ job, result: fail(failure), after: this.staged.length });
      return 0;
    }
    heads.add(encoded);
    this.staged.push({ job, decision, encoded, answer });
    return encoded.sizeBytes;
  }

  private appendStaged(settled: readonly Settled[]): void {
    const batch = this.staged;
    try {
      const { outcomes, durable } = this.opened.append(batch.map((entry) => entry.encoded));
      this.rollBack();
      this.cache.forgetRequests(batch.flatMap((entry) => entry.decision.events.map((event) => event.stream)));
      for (const [index, entry] of batch.entries()) this.conclude(entry, outcomes[index], durable);
      this.settleAll(settled, outcomes);
    } catch (error) {
      this.rollBack();
      for (const { job } of [...batch, ...settled]) this.giveUp(job, error);
    }
  }

  private conclude(entry: Staged, outcome: Outcome | undefined, durable: Promise<void>): void {
    const { job, answer } = entry;
    switch (outcome?.kind) {
      case 'won': {
        const changed = { value: answer.value, seq: outcome.seq, replayed: answer.replayed, changed: true };
        durable.then(
          () => job.finish(ok(changed)),
          (error) => this.giveUp(job, error),
        );
        return;
      }
      case 'unknown':
        job.finish(fail({ code: 'outcome-unknown', why: outcome.why }));
        return;
      case 'failed':
        this.giveUp(job, outcome.error);
        return;
      default:
        for (const stream of Object.keys(entry.decision.expect)) job.alsoExpect.add(stream);
        this.retry(job);
    }
  }

  private retry(job: Job): void {
    job.losses += 1;
    const delayMs = retryDelayMs(job.losses);
    if (delayMs === undefined || performance.now() > job.deadlineAt) {
      job.finish(fail({ code: 'contended', tries: job.losses, streams: [...job.alsoExpect].slice(0, 5) }));
    } else if (delayMs === 0) {
      this.enqueue(job);
    } else {
      setTimeout(() => this.enqueue(job), delayMs);
    }
  }

  /** A refusal or no-op rests on what it read: that must be durable, and must not be an edit that was then lost. */
  private settleAll(settled: readonly Settled[], outcomes: readonly Outcome[]): void {
    const firstLost = outcomes.findIndex((outcome) => outcome.kind !== 'won');
    for (const { job, result, after } of settled) {
      if (firstLost >= 0 && firstLost < after) {
        this.enqueue(job);
        continue;
      }
      const settling = this.opened.flush();
      // The newest commit that it can rest on: what was staged before it is in the log by now.
      const answer = result.ok ? ok({ ...result.value, seq: this.opened.seq() }) : result;
      if (settling === undefined) job.finish(answer);
      else
        settling.then(
          () => job.finish(answer),
          (error) => this.giveUp(job, error),
        );
    }
  }

  private giveUp(job: Job, error: unknown): void {
    if (error instanceof FailureError) job.finish(fail(error.failure));
    else job.crash(error);
  }

  /** Commits in log order, from a tail or from our own read-back. */
  private onCommits(commits: readonly FoldedCommit[], own: boolean): void {
    if (own && this.staged.length > 0) {
      this.staged = [];
    } else {
      this.rollBack();
      for (const folded of commits) this.cache.apply(folded);
    }
    this.world.writers.note(commits);
    tell(this.listeners, commits);
  }

  /** Undoes what is decided but not confirmed, the last first, before others' commits are applied. */
  private rollBack(): void {
    const staged = this.staged;
    this.staged = [];
    for (let at = staged.length - 1; at >= 0; at -= 1) staged[at]?.decision.revert();
  }
}
