// Who last wrote which place of a session, as far as this process has folded the log since it opened the store;
// bounded, and never decided upon. What it does not know the log does: last-writer.ts has the rule. Used by writers.ts.

import type { Writer } from '../domain/command.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { writerOf } from './last-writer.ts';

/** Places remembered of all sessions together, and places not sorted in yet; the longest unwritten go first. */
const MAX_PLACES = 20_000;

interface Note extends Writer {
  stream: string;
  seq: number;
}

interface Unread {
  note: Note;
  paths: string[];
}

export class Provenance {
  /** Last write to a place itself, by stream and pointer. */
  private readonly exact = new Map<string, Note>();
  /** Last write to anything inside a place. */
  private readonly inside = new Map<string, Note>();
  /** By stream, what was not sorted in yet: most commits are of sessions that nobody here ever asks about. */
  private readonly unread = new Map<string, Unread[]>();
  private unreadPlaces = 0;
  /** By stream, the newest commit of which something was forgotten: what is older cannot be told from here. */
  private readonly forgotten = new Map<string, number>();

  note(folded: FoldedCommit): void {
    const { commit, seq } = folded;
    for (const { stream, patch } of commit.events) {
      if (!stream.startsWith('session/')) continue;
      const note = { ...writerOf(commit), seq, stream };
      const unread = this.unread.get(stream);
      const entry = { note, paths: patch.map(({ path }) => path) };
      if (unread === undefined) this.unread.set(stream, [entry]);
      else unread.push(entry);
      this.unreadPlaces += patch.length;
      if (this.unreadPlaces > MAX_PLACES) this.forgetOlder();
    }
  }

  /** The last writer of a place: of the place itself, of something inside it, or of something that holds it. */
  lookup(stream: string, pointer: string): Writer | undefined {
    this.sortIn(stream);
    const notes = [this.exact.get(stream + pointer), this.inside.get(stream + pointer)];
    for (const above of ancestors(pointer)) notes.push(this.exact.get(stream + above));
    const newest = notes.reduce((best, note) => ((note?.seq ?? 0) > (best?.seq ?? 0) ? note : best), undefined);
    return newest === undefined || newest.seq <= (this.forgotten.get(stream) ?? 0) ? undefined : newest;
  }

  /**
   * The older half of what nobody has asked about: to sort it in would cost a replay more than to ask the log of a
   * place.
   */
  private forgetOlder(): void {
    for (const [stream, waiting] of this.unread) {
      const older = waiting.splice(0, Math.ceil(waiting.length / 2));
      for (const { paths } of older) this.unreadPlaces -= paths.length;
      this.forget(stream, older.at(-1)?.note.seq ?? 0);
      if (waiting.length === 0) this.unread.delete(stream);
    }
  }

  private forget(stream: string, seq: number): void {
    this.forgotten.set(stream, Math.max(seq, this.forgotten.get(stream) ?? 0));
  }

  private sortIn(stream: string): void {
    const unread = this.unread.get(stream);
    if (unread === undefined) return;
    this.unread.delete(stream);
    for (const { note, paths } of unread) {
      this.unreadPlaces -= paths.length;
      for (const path of paths) {
        this.remember(this.exact, path, note);
        for (const above of ancestors(path)) this.remember(this.inside, above, note);
      }
    }
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
    this.forget(stream, seq);
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
