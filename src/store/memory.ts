// The reference backend: the same lines and the same fold, in memory. Several stores on one MemoryLog behave like
// several processes on one file. Used by tests and by dry runs of imports (cli/import-export.ts). `info()` says that
// nothing is durable.

import { hash } from 'node:crypto';
import { type EncodedCommit, type Expected, isSeal, parseLine, type Seen } from './commit.ts';
import { Fold, type FoldedCommit } from './fold.ts';
import type {
  Appending,
  Blobs,
  CommitListener,
  Outcome,
  PastEvent,
  Presence,
  Recorded,
  Snapshot,
  Store,
  StoreInfo,
} from './port.ts';

/** The lines of the log, in place of the file backend's files. */
export class MemoryLog {
  readonly lines: Buffer[] = [];
  readonly waiting = new Set<() => void>();

  append(lines: readonly Buffer[]): void {
    this.lines.push(...lines);
    for (const wake of [...this.waiting]) wake();
  }
}

export class MemoryStore implements Store {
  private readonly log: MemoryLog;
  private readonly onCommits: CommitListener;
  private readonly fold = new Fold({ keepAllChains: true });
  private readonly valid: FoldedCommit[] = [];
  private next = 0;

  constructor(log: MemoryLog, onCommits: CommitListener) {
    this.log = log;
    this.onCommits = onCommits;
    this.refresh();
  }

  info(): StoreInfo {
    return { kind: 'memory', place: 'memory', durability: 'none' };
  }

  seq(): number {
    return this.fold.seq;
  }

  expected(stream: string): Expected {
    return this.fold.expected(stream);
  }

  lastSeq(stream: string): number {
    return this.fold.heads.get(stream)?.seq ?? 0;
  }

  streams(prefix: string): string[] {
    return this.fold.heads.named(prefix);
  }

  streamCounts(): ReadonlyMap<string, number> {
    return this.fold.heads.counts();
  }

  seen(): Seen {
    return [this.fold.seq, this.fold.chain];
  }

  refresh(): void {
    this.foldNew(new Map(), []);
  }

  append(batch: readonly EncodedCommit[]): Appending {
    this.log.append(batch.map((own) => Buffer.from(own.line)));
    const outcomes: Outcome[] = batch.map(() => ({ kind: 'lost' }));
    this.foldNew(new Map(batch.map((own, index) => [own.sum, index])), outcomes);
    return { outcomes, durable: Promise.resolve() };
  }

  flush(): undefined {
    return undefined;
  }

  busy(): undefined {
    return undefined;
  }

  takeTurn(): undefined {
    return undefined;
  }

  read(stream: string, fromVersion: number): Recorded[] {
    const recorded: Recorded[] = [];
    let version = 0;
    for (const { seq, commit } of this.valid) {
      for (const event of commit.events) {
        if (event.stream !== stream) continue;
        version += 1;
        if (version < fromVersion) continue;
        const record: Recorded = { seq, version, at: commit.at, by: commit.by, type: event.type, patch: event.patch };
        recorded.push(event.data === undefined ? record : { ...record, data: event.data });
      }
    }
    return recorded;
  }

  async readPast(stream: string, fromVersion: number): Promise<Recorded[]> {
    return this.read(stream, fromVersion);
  }

  async readBackwards(stream: string, visit: (event: PastEvent) => boolean): Promise<void> {
    for (const event of this.read(stream, 1).reverse()) if (!visit(event)) return;
  }

  async readAll(afterSeq: number, limit: number): Promise<FoldedCommit[]> {
    this.refresh();
    return this.valid.filter((folded) => folded.seq > afterSeq).slice(0, limit);
  }

  async seqAtTime(ms: number): Promise<number> {
    this.refresh();
    const later = this.valid.find((folded) => Date.parse(folded.commit.at) > ms);
    return later === undefined ? this.fold.seq : later.seq - 1;
  }

  async *watch(afterSeq: number, signal: AbortSignal): AsyncIterable<number> {
    let last = afterSeq;
    while (!signal.aborted) {
      this.refresh();
      if (this.fold.seq > last) {
        last = this.fold.seq;
        yield last;
        continue;
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.log.waiting.delete(wake);
          resolve();
        };
        this.log.waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  getSnapshot(): Snapshot | undefined {
    return undefined;
  }

  async putSnapshot(): Promise<void> {
    // This backend keeps no snapshots.
  }

  async close(): Promise<void> {
    // There is nothing to release.
  }

  private foldNew(own: ReadonlyMap<string, number>, outcomes: Outcome[]): void {
    const commits: FoldedCommit[] = [];
    for (; this.next < this.log.lines.length; this.next += 1) {
      const line = this.log.lines[this.next];
      if (line === undefined) break;
      const verdict = this.fold.offer(line, { segment: 1, offset: this.next });
      if (verdict.kind !== 'valid') continue;
      // Parse the line again, so that two stores on one log share no objects, as two processes would not.
      const commit = parseLine(line);
      if (commit === undefined || isSeal(commit)) continue;
      const index = own.get(verdict.folded.sum);
      if (index !== undefined) outcomes[index] = { kind: 'won', seq: verdict.folded.seq };
      this.valid.push({ ...verdict.folded, commit });
      commits.push(verdict.folded);
    }
    if (commits.length === 0) return;
    const all = outcomes.length > 0 && commits.length === outcomes.length;
    this.onCommits(commits, all && outcomes.every((outcome) => outcome.kind === 'won'));
  }
}

export class MemoryBlobs implements Blobs {
  private readonly blobs = new Map<string, Buffer>();

  put(bytes: Uint8Array): string {
    const sha256 = hash('sha256', bytes);
    this.blobs.set(sha256, Buffer.from(bytes));
    return sha256;
  }

  get(sha256: string): Buffer | undefined {
    return this.blobs.get(sha256);
  }
}

export class MemoryPresence implements Presence {
  private readonly seen = new Map<string, number>();
  private readonly serving = new Set<string>();

  touch(who: string): void {
    this.seen.set(who, Date.now());
  }

  lastSeen(who: string): number | undefined {
    return this.seen.get(who);
  }

  attach(session: string): void {
    this.serving.add(session);
  }

  detach(session: string): void {
    this.serving.delete(session);
  }

  attached(session: string): boolean {
    return this.serving.has(session);
  }

  attachedElsewhere(_session: string): boolean {
    return false;
  }

  served(): ReadonlySet<string> {
    return this.serving;
  }

  servedBelow(): string[] {
    return [];
  }
}
