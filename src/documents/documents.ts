// The documents of a store: change, dry run, read, follow. Tools, runner and views reach the store only through this
// class. batch.ts has the loop of a change.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Decide } from '../domain/command.ts';
import { fail, type Result } from '../failure/failure.ts';
import type { Author } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import type { Blobs, Presence, Snapshot, Store } from '../store/port.ts';
import { BatchLoop } from './batch.ts';
import { DocumentCache } from './cache.ts';
import type { World } from './context.ts';
import { Definitions } from './definitions.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import { patiently } from './give-way.ts';
import { type Figures, type Grouping, Groups } from './groups.ts';
import { type CommitsListener, tell } from './listeners.ts';
import { requestKey } from './requests.ts';
import type { Changed, ChangeOptions, DocumentsParts, Job, View } from './shapes.ts';
import { StoredValues } from './stored-values.ts';
import { Supplies } from './supplies.ts';
import { snapshotOf, viewOf } from './view.ts';
import { Writers } from './writers.ts';

/** How old the documents of a peek may be, in ms. */
const PEEK_EVERY_MS = 1;

export type { Changed, ChangeOptions, DocumentsParts, Figures, Grouping, View };

export class Documents {
  readonly blobs: Blobs;
  readonly presence: Presence;
  readonly definitions: Definitions;
  private readonly world: World;
  private readonly cache: DocumentCache;
  private readonly opened: Store;
  private readonly loop: BatchLoop;
  private readonly groups = new Groups();
  private readonly listeners = new Set<CommitsListener>();
  private peekedAt = 0;
  private closing = false;

  /** Opens the store. Throws FailureError if it must not be opened. */
  constructor(parts: DocumentsParts) {
    this.blobs = parts.blobs;
    this.presence = parts.presence;
    this.definitions = new Definitions(parts.blobs);
    const storeOf = (): Store => this.opened;
    const lastSeen = (who: string): number | undefined => parts.presence.lastSeen(who);
    const { random = Math.random } = parts;
    const sources = {
      definitions: this.definitions,
      values: new StoredValues(parts.blobs),
      writers: new Writers(storeOf),
    };
    this.world = { ...parts, random, lastSeen, ...sources };
    this.cache = new DocumentCache(storeOf, (stream) => this.groups.touch(stream));
    this.loop = new BatchLoop(storeOf, this.cache, this.world);
    this.opened = parts.openStore((commits, own) => this.onCommits(commits, own));
  }

  /** The store: for maintenance, history and doctor only. */
  get store(): Store {
    return this.opened;
  }

  /** Runs a command until it is committed, refused, or out of time. Contract: rejects only for bugs. */
  change<A>(decide: Decide<A>, options: ChangeOptions): Promise<Result<Changed<A>>> {
    if (this.closing) return Promise.resolve(fail({ code: 'read-only', why: 'the store is being closed' }));
    const { by, request, trace, deadlineAt = Number.POSITIVE_INFINITY } = options;
    return new Promise((resolve, reject) => {
      this.loop.add({
        decide,
        by,
        request: request && requestKey(request, by),
        trace,
        deadlineAt,
        replayed: false,
        losses: 0,
        slowTries: 0,
        alsoExpect: new Set(),
        supplies: new Supplies(),
        ended: false,
        // The loop resolves with the answer that `decide` gave, of type A.
        resolve: resolve as Job['resolve'],
        reject,
      });
    });
  }

  /** Runs a command without committing it: its answer and the events that it would make. */
  dryRun<A>(decide: Decide<A>, by: Author): Promise<Result<DryRun<A>>> {
    return dryRun(decide, { store: this.opened, cache: this.cache, world: this.world, by });
  }

  /** Takes in what others have committed by now. A promise only where the backend has to be waited for. */
  refresh(): void | Promise<void> {
    this.peekedAt = performance.now();
    return this.opened.refresh();
  }

  /**
   * Calls `look` on the freshest documents, and resolves with what it returned once that is durable. A look that meets
   * long work is left, and begins anew after it.
   */
  async read<T>(look: (view: View) => T): Promise<T> {
    const answer = await patiently((patient) => {
      const now = () => look(viewOf(this.opened, this.cache, this.groups, patient));
      const refreshed = this.refresh();
      return refreshed === undefined ? now() : refreshed.then(now);
    });
    const flushing = this.opened.flush();
    if (flushing !== undefined) await flushing;
    return answer;
  }

  /** Calls `look` on the present documents, durable or not: for hints, never for an answer. */
  peek<T>(look: (view: View) => T): T {
    // A burst of calls arrives in one tick; the first look has seen what the others would.
    // A backend that has to be waited for is fresh at the next look; a read reports its trouble.
    if (performance.now() - this.peekedAt > PEEK_EVERY_MS) this.refresh()?.catch(() => undefined);
    return look(viewOf(this.opened, this.cache, this.groups, false));
  }

  /** A document as a snapshot at the present end of the log; undefined for a stream without events. */
  snapshot(stream: string): Snapshot | undefined {
    return snapshotOf(this.opened, this.cache, stream);
  }

  /** Hits and misses of the documents in memory. */
  counts(): ReturnType<DocumentCache['counts']> {
    return this.cache.counts();
  }

  /**
   * Calls the listener after commits of any process were applied here; returns the unsubscribe function. A hint: an
   * answer must be read with `read`.
   */
  onChange(listener: CommitsListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Refuses new commands, waits for those under way, then closes the store. */
  async close(): Promise<void> {
    this.closing = true;
    while (this.loop.underWay > 0) await sleep(1);
    await this.opened.close();
  }

  /** Called with commits in log order, from a refresh or from the read-back of own ones. */
  private onCommits(commits: readonly FoldedCommit[], own: boolean): void {
    if (!this.loop.confirm(own)) for (const folded of commits) this.cache.apply(folded);
    this.world.writers.note(commits);
    for (const { commit } of commits) for (const { stream } of commit.events) this.groups.touch(stream);
    tell(this.listeners, commits);
  }
}
