// A simulated disk and several simulated processes over the real fold and the real line format: appends that tear,
// seals, syncs of a prefix, crashes, and every kind of power loss. Used by model.test.ts, which says what must hold.

import { createHash } from 'node:crypto';
import { type EncodedCommit, type Expected, encodeCommit, encodeSeal, type Seen } from '../../src/store/commit.ts';
import { Fold, type Verdict } from '../../src/store/fold.ts';
import { BY } from './commits.ts';

export type Random = () => number;

/** One segment file: its bytes, how many of them are durable, and whether its name is. */
interface SegmentFile {
  bytes: Buffer;
  durable: number;
  named: boolean;
}

export class World {
  readonly segments = new Map<number, SegmentFile>();
  time = Date.parse('2026-01-01T00:00:00.000Z');
  ids = 0;

  segment(firstSeq: number): SegmentFile {
    let file = this.segments.get(firstSeq);
    if (file === undefined) {
      file = { bytes: Buffer.alloc(0), durable: 0, named: false };
      this.segments.set(firstSeq, file);
    }
    return file;
  }

  /** What a power loss leaves: the durable prefix of every named file, and of the rest whatever the disk liked. */
  powerLoss(random: Random): World {
    const image = new World();
    image.time = this.time;
    image.ids = this.ids;
    for (const [firstSeq, file] of this.segments) {
      if (!file.named && random() < 0.7) continue;
      image.segments.set(firstSeq, { bytes: leftOf(file, random), durable: 0, named: true });
    }
    for (const file of image.segments.values()) file.durable = file.bytes.length;
    return image;
  }
}

/** A suffix cut, pages turned to NUL, or whole lines gone: only what was not durable. */
function leftOf(file: SegmentFile, random: Random): Buffer {
  const rest = file.bytes.subarray(file.durable);
  const kept = Buffer.from(file.bytes.subarray(0, file.durable));
  const how = random();
  if (how < 0.3) return kept;
  if (how < 0.6) return Buffer.concat([kept, rest.subarray(0, Math.floor(random() * (rest.length + 1)))]);
  const holed = Buffer.from(rest);
  let start = 0;
  for (let end = holed.indexOf(10); end >= 0; end = holed.indexOf(10, start)) {
    if (random() < 0.4) holed.fill(0, start, end + (random() < 0.3 ? 1 : 0));
    start = end + 1;
  }
  return Buffer.concat([kept, holed]);
}

export interface Rules {
  /** Each false one breaks a rule on purpose: the model must notice. */
  syncBeforeAnswer: boolean;
  syncBeforeFollow: boolean;
  durableSeen: boolean;
  readBack: boolean;
  /**
   * A sync vouches for what was folded when it began, or in the tick of the write that it followed; for nothing later.
   */
  vouchBefore: boolean;
  /** A sync that began before the read-back vouches for nothing if somebody came between. */
  vouchCalm: boolean;
}

export const ALL_RULES: Rules = {
  syncBeforeAnswer: true,
  syncBeforeFollow: true,
  durableSeen: true,
  readBack: true,
  vouchBefore: true,
  vouchCalm: true,
};

export interface Answer {
  request: string;
  id: string;
  seq: number;
}

/** What a command wants: its streams, and the request it stands for. */
export interface Wish {
  streams: string[];
  request: string;
}

/** An fdatasync under way: of the file it makes durable what was there when it began. */
interface Sync {
  file: SegmentFile;
  bytes: number;
  to: Seen;
}

/** One process: tails, appends, syncs and follows as log.ts does. */
export class Process {
  readonly fold = new Fold({ keepAllChains: true });
  /** The ids of valid commits in order: seals are ''. */
  readonly history: string[] = [];
  damage: string | undefined;
  private segment = 1;
  private offset = 0;
  private known: Seen = [0, ''];
  private syncing: Sync | undefined;
  private readonly world: World;
  private readonly rules: Rules;

  constructor(world: World, rules: Rules) {
    this.world = world;
    this.rules = rules;
    world.segment(1).named = true;
    this.tail();
    if (this.fold.seq === 0) {
      this.write([this.encode('created', { store: [0, ''] }, ['store'])]);
      this.tail();
    }
    this.sync();
  }

  tail(): void {
    for (;;) {
      const { bytes } = this.world.segment(this.segment);
      for (let end = bytes.indexOf(10, this.offset); end >= 0; end = bytes.indexOf(10, this.offset)) {
        if (this.damage !== undefined) return;
        if (end > this.offset) this.take(bytes.subarray(this.offset, end));
        this.offset = end + 1;
      }
      if (!this.fold.isEnded() || this.damage !== undefined) return;
      if (this.rules.syncBeforeFollow) this.sync();
      this.segment = this.fold.seq + 1;
      this.offset = 0;
      this.world.segment(this.segment).named = true;
      this.fold.nextSegment();
    }
  }

  private take(line: Buffer): void {
    const verdict: Verdict = this.fold.offer(line, { segment: this.segment, offset: this.offset });
    if (verdict.kind === 'damage') this.damage = verdict.why;
    if (verdict.kind === 'valid') this.history.push(verdict.folded.commit.id);
    if (verdict.kind === 'seal') this.history.push('');
  }

  /** Makes the prefix durable, and knows what it held when it was called. Blocking, as before a seal is followed. */
  sync(): void {
    const file = this.world.segment(this.segment);
    file.durable = file.bytes.length;
    this.know(this.folded());
  }

  /**
   * Begins an fdatasync, unless one is under way. Right after a write it vouches for nothing new yet, see `readBack`.
   */
  beginSync(early: boolean): void {
    const file = this.world.segment(this.segment);
    this.syncing ??= { file, bytes: file.bytes.length, to: early ? this.known : this.folded() };
  }

  /** The fdatasync under way ends. What was written while it ran may be durable or not. */
  endSync(): void {
    const { syncing } = this;
    this.syncing = undefined;
    if (syncing === undefined) return;
    syncing.file.durable = Math.max(syncing.file.durable, syncing.bytes);
    this.know(this.rules.vouchBefore ? syncing.to : this.folded());
  }

  /** Waits until all that is folded is durable: for the sync under way if that is enough, else for another. */
  flush(): void {
    if (!this.isDurable()) this.endSync();
    if (!this.isDurable()) this.sync();
  }

  isSyncing(): boolean {
    return this.syncing !== undefined;
  }

  isDurable(): boolean {
    return this.fold.seq <= this.known[0];
  }

  private folded(): Seen {
    return [this.fold.seq, this.fold.chain];
  }

  private know(place: Seen): void {
    if (place[0] > this.known[0]) this.known = place;
  }

  /** Decides on the fold as it is now; undefined if the request was carried out before. */
  decide(wish: Wish, alsoExpect: ReadonlySet<string>): EncodedCommit | undefined {
    if (this.fold.expected(wish.request)[0] > 0) return undefined;
    const expect: Record<string, Expected> = {};
    for (const stream of [...wish.streams, wish.request, ...alsoExpect]) expect[stream] = this.fold.expected(stream);
    this.world.ids += 1;
    return this.encode(`c${this.world.ids}`, expect, [...wish.streams, wish.request]);
  }

  private encode(id: string, expect: Record<string, Expected>, streams: readonly string[]): EncodedCommit {
    return encodeCommit({
      id,
      at: new Date(this.world.time).toISOString(),
      by: BY,
      seen: this.rules.durableSeen ? this.known : [this.fold.seq, this.fold.chain],
      expect,
      events: streams.map((stream) => ({ stream, type: 'set', patch: [{ op: 'add', path: '', value: id }] })),
    });
  }

  /** Folds what is there. With a sync that began right after our write: it vouches for that if nobody came between. */
  readBack(own: number, began: boolean): void {
    const calm = this.world.segment(this.segment).bytes.length === this.offset + own;
    this.tail();
    if (began && this.syncing !== undefined && (calm || !this.rules.vouchCalm)) this.syncing.to = this.folded();
  }

  /** One write of whole lines; `torn` bytes of it only, if given. Returns how many bytes it took. */
  write(batch: readonly EncodedCommit[], torn?: number): number {
    const text = `\n${batch.map(({ line }) => line).join('\n')}\n`;
    const bytes = Buffer.from(text);
    const file = this.world.segment(this.segment);
    const taken = torn === undefined ? bytes : bytes.subarray(0, torn);
    file.bytes = Buffer.concat([file.bytes, taken]);
    return taken.length;
  }

  /** The seal of this segment as it is now, computed; written by `append` then or later (when it may be void). */
  seal(): () => void {
    this.tail();
    this.sync();
    const file = this.world.segment(this.segment);
    const covered = Buffer.concat([file.bytes, Buffer.from('\n')]);
    this.world.ids += 1;
    const { line } = encodeSeal({
      id: `s${this.world.ids}`,
      at: new Date(this.world.time).toISOString(),
      by: BY,
      seen: this.known,
      seal: {
        bytes: covered.length,
        sha256: createHash('sha256').update(covered).digest('hex'),
        previous: this.fold.sealedSha,
      },
    });
    return () => {
      file.bytes = Buffer.concat([file.bytes, Buffer.from(`\n${line}\n`)]);
    };
  }

  seqOf(id: string): number {
    return this.history.indexOf(id) + 1;
  }
}
