// The fold of the log, for every backend: takes lines in file order and gives a verdict on each, a pure function of the
// bytes so far. It does not know what events mean: an unknown type is valid. Used by memory.ts, and by the writers and
// readers of the log in file/.

import type { MachineClock } from '../base/process-place.ts';
import {
  type Commit,
  claimedSum,
  type EncodedCommit,
  type Expected,
  hasLaterStart,
  headOf,
  holds,
  isSeal,
  nextChain,
  parseLine,
  type RawLine,
  type Seal,
  type Seen,
  soundSum,
  timeOf,
} from './commit.ts';
import { StreamHeads } from './stream-heads.ts';

/** Where a line starts: the seq in its segment's file name, and the byte in that file. */
export interface Place {
  segment: number;
  offset: number;
}

export interface StreamHead {
  version: number;
  head: string;
  /** Seq of the commit that last changed the stream. */
  seq: number;
  /** For request streams only: where their single line is, and its time, by which a seal lets them expire. */
  place?: Place;
  atMs?: number;
}

/** A valid commit with its seq and the sum of its line. */
export interface FoldedCommit {
  seq: number;
  sum: string;
  commit: Commit;
}

export type Verdict =
  | { kind: 'valid'; folded: FoldedCommit }
  | { kind: 'seal'; seal: Seal; seq: number }
  | { kind: 'void'; why: 'expectation' | 'after-seal' | 'misplaced-seal' | 'malformed' }
  /** `mixed`: it has a beginning and an end, which are of different lines. */
  | { kind: 'torn'; mixed: boolean }
  | { kind: 'damage'; why: string };

/** The line looks whole and is not: a second read of it may show another one. */
export function isDoubtful(verdict: Verdict): boolean {
  return verdict.kind === 'damage' || (verdict.kind === 'torn' && verdict.mixed);
}

/**
 * The state of a fold as a checkpoint stores it. `sealed` is the hash that the last seal names. `ages`, `clock`: see
 * `Fold`; absent in checkpoints of older versions, which only lets requests live longer. `torn`: the segment has a torn
 * line; absent if not, and in checkpoints of older versions, for which two torn lines in one are damage.
 */
export interface FoldState {
  seq: number;
  chain: string;
  sealed: string;
  streams: Record<
    string,
    [version: number, head: string, seq: number, atMs?: number, segment?: number, offset?: number]
  >;
  ages?: [seq: number, ms: number][];
  clock?: MachineClock;
  torn?: true;
}

/**
 * How long a request stream lives at least. It is dropped only at a valid seal, so that all folds agree: if the times
 * in its line and in the seal's differ by this. The writer of a seal sees to it that no wrong clock makes that time
 * pass.
 */
export const REQUEST_LIFE_MS = 7 * 24 * 3_600_000;

/**
 * How many chain values are kept at least, to check `seen` against: a writer's last durable line is never far behind.
 */
const CHAINS_HELD = 16_384;

export class Fold {
  seq = 0;
  chain = '';
  /** SHA-256 of the last sealed segment, which the next seal names as `previous`. */
  sealedSha = '';
  readonly heads = new StreamHeads();
  /** Sets that are given every stream that changes, while they are in here: see caches/checkpoint-writer.ts. */
  readonly changes = new Set<Set<string>>();
  /** True after a valid seal, until the next segment begins: later lines of the same file are void. */
  private ended = false;
  /** True once the segment has a torn line, the rest of which may stand in a later one. */
  private torn = false;
  /** The latest seals, each with the sum of what segments lasted at least up to it: an age of the log without dates. */
  private readonly ages: [seq: number, ms: number][] = [];
  /** The machine's clock at the last seal, if that names it. */
  private clock: MachineClock | undefined;
  private chains: string[] = [''];
  private chainsFrom = 0;
  private readonly keepAllChains: boolean;

  constructor(options: { from?: FoldState; keepAllChains?: boolean } = {}) {
    this.keepAllChains = options.keepAllChains ?? false;
    const from = options.from;
    if (from === undefined) return;
    this.seq = from.seq;
    this.chain = from.chain;
    this.sealedSha = from.sealed;
    this.chains = [from.chain];
    this.chainsFrom = from.seq;
    this.ages.push(...(from.ages ?? []));
    this.clock = from.clock;
    this.torn = from.torn ?? false;
    for (const [stream, [version, head, seq, atMs, segment, offset]] of Object.entries(from.streams)) {
      const entry: StreamHead = { version, head, seq };
      if (atMs !== undefined) entry.atMs = atMs;
      if (segment !== undefined && offset !== undefined) entry.place = { segment, offset };
      this.heads.set(stream, entry);
    }
  }

  state(): FoldState {
    // Without a prototype, because a foreign line may name a stream `__proto__`.
    const streams: FoldState['streams'] = Object.create(null);
    for (const [stream, head] of this.heads) streams[stream] = stateOf(head);
    return { ...this.place(), streams, ...this.besides() };
  }

  /** What of the state stands before the streams, and after them. */
  place(): Pick<FoldState, 'seq' | 'chain' | 'sealed'> {
    return { seq: this.seq, chain: this.chain, sealed: this.sealedSha };
  }

  besides(): Pick<FoldState, 'ages' | 'clock' | 'torn'> {
    const { clock, torn } = this;
    return { ages: [...this.ages], ...(clock !== undefined && { clock }), ...(torn && { torn }) };
  }

  expected(stream: string): Expected {
    const entry = this.heads.get(stream);
    return entry === undefined ? [0, ''] : [entry.version, entry.head];
  }

  /** The chain value after the line with this seq; undefined if it is no longer kept. */
  chainAt(seq: number): string | undefined {
    return this.chains[seq - this.chainsFrom];
  }

  /** True if a valid seal has ended the segment that is being folded. */
  isEnded(): boolean {
    return this.ended;
  }

  /** Begins the next segment, whose lines are judged by their expectations again. */
  nextSegment(): void {
    this.ended = false;
    this.torn = false;
  }

  /**
   * The verdict on one line (without its newline) that starts at `place`. Changes the fold only if the line is valid or
   * a seal, and notes that the segment has a torn one.
   */
  offer(line: RawLine, place: Place): Verdict {
    const sum = soundSum(line);
    if (sum === undefined) return this.unsound(line);
    const body = parseLine(line);
    if (body === undefined) return { kind: 'void', why: 'malformed' };
    // Check `seen` on every line with a sound sum, also if it is void or after a seal: a mismatch reveals that an
    // earlier line was removed or altered.
    const unseen = this.contradicts(body.seen);
    if (unseen !== undefined) return { kind: 'damage', why: unseen };
    if (this.ended) return { kind: 'void', why: 'after-seal' };
    if (isSeal(body)) return this.offerSeal(body, sum, place);
    if (!this.met(body)) return { kind: 'void', why: 'expectation' };
    return { kind: 'valid', folded: this.accept(body, sum, place) };
  }

  /**
   * Folds a line that this process wrote and has read back unchanged at `place`, without parsing it. Contract: `met` is
   * true for it.
   */
  acceptOwn(own: EncodedCommit, place: Place): FoldedCommit {
    return this.accept(own.commit, own.sum, place);
  }

  /** True if every expectation of the commit holds now. */
  met(commit: Commit): boolean {
    return holds(commit, this.heads);
  }

  /**
   * The time that a seal written now must carry: `now`, or earlier, so that every request stays that is not known to be
   * old enough. Dates in the log tell nothing of that, since any of them may be of a wrong clock; so a request is old
   * enough if the segments sealed after it have lasted long enough, on clocks that nobody sets. `lastedMs`: how long
   * the present segment has lasted at least.
   */
  sealTime(now: number, lastedMs: number): number {
    const age = (this.ages.at(-1)?.[1] ?? 0) + lastedMs;
    const old = this.ages.findLast(([, ms]) => age - ms >= REQUEST_LIFE_MS)?.[0] ?? 0;
    let time = now;
    for (const { seq, atMs } of this.heads.values()) {
      // 0: a line without a time, which no version of Baton writes.
      if (atMs !== undefined && atMs > 0 && seq > old) time = Math.min(time, atMs + REQUEST_LIFE_MS - 1);
    }
    return time;
  }

  /** How long ago the last seal was written by the machine's clock; 0 if that does not tell. */
  sinceSeal(now: MachineClock | undefined): number {
    const { clock } = this;
    return clock !== undefined && clock.name === now?.name ? Math.max(0, now.ms - clock.ms) : 0;
  }

  private noteAge({ lasted_ms: lastedMs, clock }: Seal['seal']): void {
    this.clock = isClock(clock) ? clock : undefined;
    const lasted = typeof lastedMs === 'number' && lastedMs > 0 ? lastedMs : 0;
    const age = (this.ages.at(-1)?.[1] ?? 0) + lasted;
    this.ages.push([this.seq, age]);
    while (age - (this.ages[1]?.[1] ?? age) >= REQUEST_LIFE_MS) this.ages.shift();
  }

  /**
   * A line with a beginning and an end, but another sum, is damage, unless pieces of several lines may stand in it,
   * none of which was acknowledged: the others began before, in a torn line of the same segment, or inside this one.
   * An altered line that passes for such a one is still found by the `seen` of those who knew it.
   */
  private unsound(line: RawLine): Verdict {
    const mixed = claimedSum(line) !== undefined;
    if (mixed && !this.torn && !hasLaterStart(line)) return { kind: 'damage', why: 'the sum differs' };
    this.torn = true;
    return { kind: 'torn', mixed };
  }

  private accept(commit: Commit, sum: string, place: Place): FoldedCommit {
    this.advance(sum);
    const head = headOf(sum);
    for (const event of commit.events) {
      for (const changed of this.changes) changed.add(event.stream);
      const entry = this.heads.get(event.stream);
      if (entry !== undefined) {
        entry.version += 1;
        entry.head = head;
        entry.seq = this.seq;
      } else if (event.stream.startsWith('request/')) {
        this.heads.set(event.stream, { version: 1, head, seq: this.seq, place, atMs: timeOf(commit.at) });
      } else {
        this.heads.set(event.stream, { version: 1, head, seq: this.seq });
      }
    }
    return { seq: this.seq, sum, commit };
  }

  private offerSeal(body: Seal, sum: string, place: Place): Verdict {
    if (body.seal.bytes !== place.offset) return { kind: 'void', why: 'misplaced-seal' };
    this.advance(sum);
    this.ended = true;
    this.sealedSha = body.seal.sha256;
    this.noteAge(body.seal);
    this.expireRequests(timeOf(body.at));
    return { kind: 'seal', seal: body, seq: this.seq };
  }

  /** Drops expired requests by the seal's own time, so that every fold drops the same ones, whatever its clock says. */
  private expireRequests(sealMs: number): void {
    for (const stream of this.heads.ofKind('request')) {
      const atMs = this.heads.get(stream)?.atMs;
      if (atMs !== undefined && sealMs - atMs >= REQUEST_LIFE_MS) this.heads.delete(stream);
    }
  }

  private advance(sum: string): void {
    this.seq += 1;
    this.chain = nextChain(this.chain, sum);
    this.chains.push(this.chain);
    if (!this.keepAllChains && this.chains.length > 2 * CHAINS_HELD) {
      this.chains = this.chains.slice(CHAINS_HELD);
      this.chainsFrom += CHAINS_HELD;
    }
  }

  private contradicts(seen: Seen): string | undefined {
    const [seq, chain] = seen;
    if (seq > this.seq) return `a later writer knew ${seq} lines to be durable, but ${this.seq} are here`;
    if (seq < this.chainsFrom) return undefined;
    const held = this.chains[seq - this.chainsFrom];
    if (held !== chain) return `a later writer knew other bytes up to line ${seq}`;
    return undefined;
  }
}

/** A stream's head as a state stores it. */
export function stateOf({ version, head, seq, atMs, place }: StreamHead): FoldState['streams'][string] {
  if (atMs === undefined || place === undefined) return [version, head, seq];
  return [version, head, seq, atMs, place.segment, place.offset];
}

function isClock(clock: MachineClock | undefined): clock is MachineClock {
  return typeof clock === 'object' && clock !== null && typeof clock.name === 'string' && typeof clock.ms === 'number';
}
