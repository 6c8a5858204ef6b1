// One try of a command on the documents: records what it reads, applies its edits at once so that it sees them, and can
// undo them all. Used by batch.ts and dry-run.ts; commands see the interface in domain/command.ts.

import { create } from 'mutative';
import type { EventHead, Transaction, ValueOwner } from '../domain/command.ts';
import { knownSchema } from '../domain/schemas.ts';
import { copyJson, type Json, type JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import type { Expected, StreamEvent } from '../store/commit.ts';
import { isStreamName } from '../store/stream.ts';
import type { DocumentCache, Undo } from './cache.ts';

/** Answers what a commit must expect of a stream: the store, or the batch so far. */
export interface Expecting {
  expected(stream: string): Expected;
}

const DRAFT_OPTIONS = { enablePatches: { pathAsArray: false, arrayLengthAssignment: false } } as const;

export class DocumentTransaction implements Transaction {
  /** The expectations of its commit: every stream that it read or wrote, as it was before. */
  readonly expect: Record<string, Expected> = {};
  readonly events: StreamEvent[] = [];
  private readonly undos: Undo[] = [];
  private readonly cache: DocumentCache;
  private readonly heads: Expecting;

  constructor(cache: DocumentCache, heads: Expecting) {
    this.cache = cache;
    this.heads = heads;
  }

  read<T extends object = JsonObject>(stream: string): Readonly<T> | undefined {
    this.touch(stream);
    const doc = this.cache.get(stream);
    // The only place where a document gets its type: the caller knows the kind of document that it names.
    return doc as unknown as Readonly<T> | undefined;
  }

  version(stream: string): number {
    const [before] = this.touch(stream);
    let own = 0;
    for (const event of this.events) if (event.stream === stream) own += 1;
    return before + own;
  }

  create(stream: string, head: EventHead, value: object): void {
    if (this.version(stream) !== 0) throw new Error(`${stream} exists`);
    this.patch(stream, head, [{ op: 'add', path: '', value: withSchema(stream, value) as Json }]);
  }

  edit<T extends object>(stream: string, head: EventHead, recipe: (draft: T) => void): void {
    const before = this.read<T>(stream);
    if (before === undefined) throw new Error(`${stream} does not exist`);
    // A value returned by the recipe is ignored, so that `(draft) => draft.items.push(x)` is allowed.
    const change = (draft: unknown): void => {
      recipe(draft as T);
    };
    const [, patches] = create(before as T, change, DRAFT_OPTIONS);
    if (patches.length > 0) this.patch(stream, head, patches as unknown as PatchOp[]);
  }

  patch(stream: string, head: EventHead, ops: readonly PatchOp[], owner: ValueOwner = 'caller'): void {
    this.touch(stream);
    if (ops.length === 0) return;
    // Copied, so that the event does not change when a later edit changes the same value in this document or in its
    // source.
    const patch = owner === 'event' ? [...ops] : ops.map(copyOp);
    const event: StreamEvent = { stream, type: head.type, patch };
    if (head.data !== undefined) event.data = head.data;
    this.undos.push(this.cache.change(stream, ops.map(copyOp)));
    this.events.push(event);
  }

  /** Records a stream as read: the commit is void if the stream changes before it. */
  touch(stream: string): Expected {
    const known = this.expect[stream];
    if (known !== undefined) return known;
    const expected = this.heads.expected(stream);
    // A stream with events had its name checked when it was created.
    if (expected[0] === 0 && !isStreamName(stream)) throw new Error(`not a stream name: ${stream}`);
    this.expect[stream] = expected;
    return expected;
  }

  revert(): void {
    this.cache.revert(this.undos);
  }
}

/** A new document with the schema number of its kind. Throws if it has another one. */
function withSchema(stream: string, value: object): object {
  const schema = knownSchema(stream);
  if (!('schema' in value)) return schema === undefined ? value : { schema, ...value };
  if (value.schema === schema) return value;
  throw new Error(`${stream}: schema ${String(value.schema)} is not that of its kind, ${schema ?? 'which has none'}`);
}

function copyOp(op: PatchOp): PatchOp {
  return op.op === 'remove' ? op : { op: op.op, path: op.path, value: copyJson(op.value) };
}
