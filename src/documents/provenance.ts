// Who last wrote which place of a session: what a write answers about the value it replaced. Known from commits folded
// since this process opened the store; bounded, and never decided upon.

import type { Writer } from '../domain/command.ts';
import type { FoldedCommit } from '../store/fold.ts';

/** Places remembered of all sessions together; the longest unwritten go first. */
const MAX_PLACES = 20_000;

interface Note extends Writer {
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

  note(folded: FoldedCommit): void {
    const { commit, seq } = folded;
    for (const { stream, patch } of commit.events) {
      if (!stream.startsWith('session/')) continue;
      const note = { by: commit.by.agent ?? commit.by.session ?? commit.by.user, at: commit.at, seq };
      const unread = this.unread.get(stream);
      const entry = { note, paths: patch.map(({ path }) => path) };
      if (unread === undefined) this.unread.set(stream, [entry]);
      else unread.push(entry);
      this.unreadPlaces += patch.length;
      if (this.unreadPlaces > MAX_PLACES) for (const waiting of [...this.unread.keys()]) this.sortIn(waiting);
    }
  }

  /** The last writer of a place: of the place itself, of something inside it, or of something that holds it. */
  lookup(stream: string, pointer: string): Writer | undefined {
    this.sortIn(stream);
    const notes = [this.exact.get(stream + pointer), this.inside.get(stream + pointer)];
    for (const above of ancestors(pointer)) notes.push(this.exact.get(stream + above));
    const newest = notes.reduce((best, note) => ((note?.seq ?? 0) > (best?.seq ?? 0) ? note : best), undefined);
    return newest === undefined ? undefined : { by: newest.by, at: newest.at };
  }

  private sortIn(stream: string): void {
    const unread = this.unread.get(stream);
    if (unread === undefined) return;
    this.unread.delete(stream);
    for (const { note, paths } of unread) {
      this.unreadPlaces -= paths.length;
      for (const path of paths) {
        remember(this.exact, stream + path, note);
        for (const above of ancestors(path)) remember(this.inside, stream + above, note);
      }
    }
  }
}

function ancestors(pointer: string): string[] {
  const found: string[] = [];
  for (let at = pointer.lastIndexOf('/'); at > 0; at = pointer.lastIndexOf('/', at - 1))
    found.push(pointer.slice(0, at));
  return found;
}

function remember(map: Map<string, Note>, key: string, note: Note): void {
  map.delete(key);
  map.set(key, note);
  if (map.size <= MAX_PLACES) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
