// Rebuilds every document from its first event, and collects the blobs that the log names. Used by verify.ts and its
// checks, and by export/.

import { isObject, type Json } from '../../json/json.ts';
import { applyOps, type PatchOp } from '../../json/patch.ts';
import { headOf } from '../../store/commit.ts';
import type { FoldedCommit } from '../../store/fold.ts';
import { kindOf } from '../../store/stream.ts';

export interface RebuiltDocument {
  /** undefined after the document was removed. */
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

/** Keys that hold the hash of a blob, by kind of stream, although they do not end in `_blob` as all others do. */
const BLOB_KEYS: Record<string, string> = { run: 'graph', graph: 'hash' };
/** Keys of Baton's own documents under which agents and callers store values of their own. */
const FREE_KEYS = new Set(['output', 'inputs', 'evidence', 'answer']);

export class Rebuilder {
  readonly documents = new Map<string, RebuiltDocument>();
  /** For each document, the first patch that does not fit it. Later patches of that document are not applied. */
  readonly misfits = new Map<string, Misfit>();
  /** Blobs by hash, with the first stream and seq that name them. */
  readonly blobs = new Map<string, { stream: string; seq: number }>();
  readonly requests = new Set<string>();

  /**
   * Applies a commit, whose values become parts of the documents, and returns the streams of the documents that it
   * changed.
   */
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

  /**
   * Collects hashes at places that Baton itself writes. Values that people and agents store are skipped, because any
   * text may look like a hash.
   */
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

/**
 * True if a key holds values of agents and callers. Not under `nodes`, whose keys are names of nodes, even one named
 * `output`.
 */
function isFree(key: string, parent: string | undefined): boolean {
  return parent !== 'nodes' && FREE_KEYS.has(key);
}
