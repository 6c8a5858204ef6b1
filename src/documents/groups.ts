// Documents of one kind in named groups, such as the open runs of a project: made at the first use of a grouping and
// kept up by what commits touch, so that a list costs what it shows and not what there is. For answers and hints;
// commands read documents. Views declare groupings beside their lists; used by documents.ts.

import { FailureError } from '../failure/failure.ts';
import { kindOf } from '../store/stream.ts';
import { AT_ONCE, doWork, type Work } from './give-way.ts';

export interface Grouping<T extends object> {
  /** The kind of stream: the part of the name before the slash. */
  readonly kind: string;
  /** Whether a stream of the kind is considered, by its name; by default each is. */
  takes?(stream: string): boolean;
  /** Names of the groups that the document is in. They must follow from the document alone. */
  groupsOf(doc: Readonly<T>): readonly string[];
  /** Figures of the document that each of its groups adds up, with the same names for all documents of the kind. */
  figuresOf?(doc: Readonly<T>): Figures;
}

export type Figures = Readonly<Record<string, number>>;

/** What groups are made from: the documents of this process as they are now. */
export interface GroupSource {
  get(stream: string): object | undefined;
  streams(prefix: string): string[];
  lastSeq(stream: string): number;
  readonly patient: boolean;
}

/** The groups of a document with what it adds to them, and the seq of its last change when it was put there. */
interface Placed {
  names: readonly string[];
  figures: Figures;
  seq: number;
}

/** One grouping with its groups. The members of each group stand in the order of their last changes. */
interface Kept {
  readonly grouping: Grouping<object>;
  readonly groups: Map<string, Set<string>>;
  readonly sums: Map<string, Record<string, number>>;
  readonly placed: Map<string, Placed>;
  /** Streams whose document may have changed since it was last put into its groups, in the order of the changes. */
  readonly touched: Set<string>;
  /** The highest seq that was put anywhere. */
  newest: number;
}

/** The group of documents that cannot be read. They are in every group, so that each reader meets the damage. */
const UNREADABLE = '\0';
const NOTHING: Figures = {};

export class Groups {
  private readonly kept = new Map<Grouping<never>, Kept>();
  private readonly byKind = new Map<string, Kept[]>();

  /** Notes that a document may have changed. */
  touch(stream: string): void {
    if (this.byKind.size === 0) return;
    for (const kept of this.byKind.get(kindOf(stream)) ?? []) take(kept, stream);
  }

  /** The streams of a group, the last changed first. */
  list<T extends object>(grouping: Grouping<T>, group: string, source: GroupSource): string[] {
    const { groups } = this.upToDate(grouping, source);
    const unreadable = groups.get(UNREADABLE) ?? [];
    return [...unreadable, ...(groups.get(group) ?? [])].reverse();
  }

  /** How many documents a group has. */
  size<T extends object>(grouping: Grouping<T>, group: string, source: GroupSource): number {
    return this.upToDate(grouping, source).groups.get(group)?.size ?? 0;
  }

  /**
   * The sums of the figures of a group's documents; a figure that no document had is absent. Throws FailureError for
   * one that cannot be read.
   */
  sums<T extends object>(grouping: Grouping<T>, group: string, source: GroupSource): Figures {
    const { groups, sums } = this.upToDate(grouping, source);
    for (const stream of groups.get(UNREADABLE) ?? []) source.get(stream);
    return sums.get(group) ?? NOTHING;
  }

  private upToDate<T extends object>(grouping: Grouping<T>, source: GroupSource): Kept {
    const kept = this.kept.get(grouping) ?? this.begin(grouping, source);
    if (kept.touched.size > 0) doWork(takeUp(kept, source), kept.touched.size > AT_ONCE, source);
    return kept;
  }

  private begin<T extends object>(grouping: Grouping<T>, source: GroupSource): Kept {
    // A document gets its type here, as in a view's `get`: the grouping knows the kind that it names.
    const untyped = grouping as unknown as Grouping<object>;
    const empty = { groups: new Map(), sums: new Map(), placed: new Map(), touched: new Set<string>() };
    const kept: Kept = { grouping: untyped, ...empty, newest: 0 };
    const streams = source.streams(`${grouping.kind}/`).map((stream) => ({ stream, seq: source.lastSeq(stream) }));
    for (const { stream } of streams.sort((a, b) => a.seq - b.seq)) take(kept, stream);
    this.kept.set(grouping, kept);
    const ofKind = this.byKind.get(grouping.kind);
    if (ofKind === undefined) this.byKind.set(grouping.kind, [kept]);
    else ofKind.push(kept);
    return kept;
  }
}

function take({ grouping, touched }: Kept, stream: string): void {
  if (grouping.takes?.(stream) === false) return;
  // Behind those that changed before it.
  touched.delete(stream);
  touched.add(stream);
}

/** Puts what was touched into its groups. What is touched meanwhile is taken up too, or by whoever asks next. */
function* takeUp(kept: Kept, source: GroupSource): Work {
  for (const stream of kept.touched) {
    const seq = source.lastSeq(stream);
    place(kept, stream, { ...partOf(kept.grouping, stream, source), seq });
    kept.touched.delete(stream);
    yield;
  }
}

function partOf(grouping: Grouping<object>, stream: string, source: GroupSource): Omit<Placed, 'seq'> {
  try {
    const doc = source.get(stream);
    if (doc === undefined) return { names: [], figures: NOTHING };
    return { names: grouping.groupsOf(doc), figures: grouping.figuresOf?.(doc) ?? NOTHING };
  } catch (error) {
    if (error instanceof FailureError) return { names: [UNREADABLE], figures: NOTHING };
    throw error;
  }
}

/** Adds figures to the sums of groups, or takes them away (`sign` -1). */
function add({ sums }: Kept, { names, figures }: Omit<Placed, 'seq'>, sign: 1 | -1): void {
  if (figures === NOTHING) return;
  for (const name of names) {
    const sum = sums.get(name) ?? {};
    for (const [figure, value] of Object.entries(figures)) sum[figure] = (sum[figure] ?? 0) + sign * value;
    sums.set(name, sum);
  }
}

/** Puts a document into its groups, behind those changed before it. */
function place(kept: Kept, stream: string, now: Placed): void {
  const { groups, placed } = kept;
  const before = placed.get(stream);
  const again = before !== undefined && before.seq === now.seq;
  const late = now.seq < kept.newest;
  if (before !== undefined) add(kept, before, -1);
  add(kept, now, 1);
  // An edit was undone that nobody had asked about: nothing has changed.
  if (again && before.names.join('\0') === now.names.join('\0')) {
    placed.set(stream, now);
    return;
  }
  for (const name of before?.names ?? []) {
    const group = groups.get(name);
    group?.delete(stream);
    if (group?.size === 0) groups.delete(name);
  }
  placed.set(stream, now);
  kept.newest = Math.max(kept.newest, now.seq);
  for (const name of now.names) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, new Set([stream]));
    else if (!again && !late) group.add(stream);
    else groups.set(name, inOrder(kept, [...group, stream]));
  }
}

/** Sorts a group after a change without a commit: an edit that is not written yet, or was undone before others. */
function inOrder({ placed }: Kept, streams: string[]): Set<string> {
  return new Set(streams.sort((a, b) => (placed.get(a)?.seq ?? 0) - (placed.get(b)?.seq ?? 0)));
}
