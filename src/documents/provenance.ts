// Who last wrote which place of a session: what a write answers about the value it replaced. Known from commits folded
// since this process opened the store; bounded, and never decided upon.

import type { Writer } from '../domain/command.ts';
import type { FoldedCommit } from '../store/fold.ts';

/** Places remembered; the longest unwritten go first. */
const MAX_PLACES = 20_000;

interface Note extends Writer {
  seq: number;
}

export class Provenance {
  /** Last write to a place itself, by stream and pointer. */
  private readonly exact = new Map<string, Note>();
  /** Last write to anything inside a place. */
  private readonly inside = new Map<string, Note>();

  note(folded: FoldedCommit): void {
    const { commit, seq } = folded;
    let note: Note | undefined;
    for (const event of commit.events) {
      if (!event.stream.startsWith('session/')) continue;
      note ??= { by: commit.by.agent ?? commit.by.session ?? commit.by.user, at: commit.at, seq };
      for (const { path } of event.patch) {
        remember(this.exact, `${event.stream}${path}`, note);
        for (const above of ancestors(path)) remember(this.inside, `${event.stream}${above}`, note);
      }
    }
  }

  /** The last writer of a place: of the place itself, of something inside it, or of something that holds it. */
  lookup(stream: string, pointer: string): Writer | undefined {
    const notes = [this.exact.get(stream + pointer), this.inside.get(stream + pointer)];
    for (const above of ancestors(pointer)) notes.push(this.exact.get(stream + above));
    const newest = notes.reduce((best, note) => ((note?.seq ?? 0) > (best?.seq ?? 0) ? note : best), undefined);
    return newest === undefined ? undefined : { by: newest.by, at: newest.at };
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
