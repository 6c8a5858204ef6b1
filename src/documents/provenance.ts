// Who last wrote which place of a stream, as far as this process has folded the log since it first wrote to the stream;
// bounded, and never decided upon. What it does not know the log does: last-writer.ts has the rule. Used by writers.ts.

import type { Writer } from '../domain/command.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { writerOf } from './last-writer.ts';

/** The most places remembered over all streams; the longest unwritten are dropped first. */
const MAX_PLACES = 20_000;

interface Note extends Writer {
  stream: string;
  seq: number;
}

export class Provenance {
  /** The last write to a place itself, by stream and pointer. */
  private readonly exact = new Map<string, Note>();
  /** The last write to anything inside a place. */
  private readonly inside = new Map<string, Note>();
  /** By tracked stream: the newest commit that may be unknown here, so that the log must be searched up to it. */
  private readonly unknownUntil = new Map<string, number>();
  private seq = 0;

  /**
   * Starts to remember who writes to a stream. Not done for all: most commits are of sessions that this process never
   * asks about.
   */
  track(stream: string): void {
    if (!this.unknownUntil.has(stream)) this.unknownUntil.set(stream, this.seq);
  }

  note({ commit, seq }: FoldedCommit): void {
    this.seq = seq;
    for (const { stream, patch } of commit.events) {
      if (!this.unknownUntil.has(stream)) continue;
      const note = { ...writerOf(commit), seq, stream };
      for (const { path } of patch) {
        this.remember(this.exact, path, note);
        for (const above of ancestors(path)) this.remember(this.inside, above, note);
      }
    }
  }

  /**
   * The last writer of a place: of the place itself, of something inside it, or of something that holds it. Undefined
   * if that is not known here.
   */
  lookup(stream: string, pointer: string): Writer | undefined {
    const notes = [this.exact.get(stream + pointer), this.inside.get(stream + pointer)];
    for (const above of ancestors(pointer)) notes.push(this.exact.get(stream + above));
    const newest = notes.reduce((best, note) => ((note?.seq ?? 0) > (best?.seq ?? 0) ? note : best), undefined);
    return newest === undefined || newest.seq <= (this.unknownUntil.get(stream) ?? 0) ? undefined : newest;
  }

  private remember(map: Map<string, Note>, pointer: string, note: Note): void {
    const key = note.stream + pointer;
    map.delete(key);
    map.set(key, note);
    if (map.size <= MAX_PLACES) return;
    const [oldest] = map;
    if (oldest === undefined) return;
    const [name, { stream, seq }] = oldest;
    map.delete(name);
    this.unknownUntil.set(stream, Math.max(seq, this.unknownUntil.get(stream) ?? 0));
  }
}

/** The places that hold a place, up to the whole document. */
function ancestors(pointer: string): string[] {
  const found: string[] = [];
  for (let at = pointer.lastIndexOf('/'); at >= 0; at = pointer.lastIndexOf('/', at - 1)) {
    found.push(pointer.slice(0, at));
    if (at === 0) break;
  }
  return found;
}
