// Every document as the log makes it, from its first event, and the blobs that the log names. Used by verify and
// export.

import { isObject, type Json } from '../../json/json.ts';
import { applyOps, type PatchOp } from '../../json/patch.ts';
import { headOf } from '../../store/commit.ts';
import type { FoldedCommit } from '../../store/fold.ts';
import { kindOf } from '../../store/stream.ts';

export interface RebuiltDocument {
  /** undefined once it was removed. */
  doc: Json | undefined;
  version: number;
  head: string;
  seq: number;
}

export interface Misfit {
  stream: string;
  seq: number;
  why: string;
}

/** Where documents name a blob under a key that does not say so. Everywhere else the key ends in `_blob`. */
const BLOB_KEYS: Record<string, string> = { run: 'graph', graph: 'hash' };
/** Keys of Baton's own documents that hold values of agents and callers. */
const FREE_KEYS = new Set(['output', 'inputs', 'evidence', 'answer']);

export class Rebuilder {
  readonly documents = new Map<string, RebuiltDocument>();
  /** The first change of each document that does not fit what it changed. Nothing after it is applied there. */
  readonly misfits = new Map<string, Misfit>();
  /** Blobs by hash, with the first line that names them. */
  readonly blobs = new Map<string, { stream: string; seq: number }>();
  readonly requests = new Set<string>();

  /** Applies a commit, which gives its values away, and returns the names of the documents that it changed. */
  apply({ seq, sum, commit }: FoldedCommit): Set<string> {
    const changed = new Set<string>();
    for (const { stream, patch } of commit.events) {
      this.findBlobs(stream, patch, seq);
      if (stream.startsWith('request/')) {
        this.requests.add(stream);
        continue;
      }
      const entry = this.documents.get(stream) ?? { doc: undefined, version: 0, head: '', seq: 0 };
      this.documents.set(stream, entry);
      this.change(stream, entry, patch, seq);
      entry.version += 1;
      entry.head = headOf(sum);
      entry.seq = seq;
      changed.add(stream);
    }
    return changed;
  }

  private change(stream: string, entry: RebuiltDocument, patch: readonly PatchOp[], seq: number): void {
    if (this.misfits.has(stream)) return;
    try {
      entry.doc = applyOps(entry.doc, patch);
    } catch (error) {
      this.misfits.set(stream, { stream, seq, why: error instanceof Error ? error.message : 'unknown' });
    }
  }

  /** Only what Baton itself puts there names a blob: what people and agents store may look like anything. */
  private findBlobs(stream: string, patch: readonly PatchOp[], seq: number): void {
    const kind = kindOf(stream);
    if (kind === 'session') return;
    for (const op of patch) {
      if (op.op === 'remove') continue;
      const above = op.path.split('/').slice(1);
      const key = above.pop() ?? '';
      if (above.some((token, index) => isFree(token, above[index - 1]))) continue;
      this.findIn(key, above.at(-1), op.value, { kind, stream, seq });
    }
  }

  private findIn(
    key: string,
    parent: string | undefined,
    value: Json,
    at: { kind: string; stream: string; seq: number },
  ): void {
    if (isFree(key, parent)) return;
    if (typeof value === 'string') {
      const names = key.endsWith('_blob') || BLOB_KEYS[at.kind] === key;
      if (names && /^[0-9a-f]{64}$/.test(value) && !this.blobs.has(value)) this.blobs.set(value, at);
    } else if (Array.isArray(value)) {
      for (const item of value) this.findIn('', key, item, at);
    } else if (isObject(value)) {
      for (const [name, item] of Object.entries(value)) this.findIn(name, key, item, at);
    }
  }
}

/** True where a key holds what others stored. Under `nodes` the keys are names, of which one may be called the same. */
function isFree(key: string, parent: string | undefined): boolean {
  return parent !== 'nodes' && FREE_KEYS.has(key);
}
