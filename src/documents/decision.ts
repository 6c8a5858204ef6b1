// One decision's view of the documents: records what it reads, applies its edits at once so that it sees them, and can
// take them all back. Used by documents.ts only; commands see the interface in domain/command.ts.

import { create } from 'mutative';
import type { EventHead, Transaction } from '../domain/command.ts';
import { copyJson, type Json, type JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import type { Expected, StreamEvent } from '../store/commit.ts';
import { isStreamName } from '../store/stream.ts';
import type { DocumentCache, Undo } from './cache.ts';

export class Decision implements Transaction {
  /** What the decision rests on: every stream it read or wrote, as it was before. */
  readonly expect: Record<string, Expected> = {};
  readonly events: StreamEvent[] = [];
  readonly undos: Undo[] = [];
  private readonly cache: DocumentCache;
  private readonly expected: (stream: string) => Expected;

  constructor(cache: DocumentCache, expected: (stream: string) => Expected) {
    this.cache = cache;
    this.expected = expected;
  }

  read<T extends object = JsonObject>(stream: string): Readonly<T> | undefined {
    this.touch(stream);
    const doc = this.cache.get(stream);
    // The one place where a document gets its type: whoever names a stream knows what its kind holds.
    return doc as unknown as Readonly<T> | undefined;
  }

  version(stream: string): number {
    const [before] = this.touch(stream);
    return before + this.events.filter((event) => event.stream === stream).length;
  }

  create(stream: string, happening: EventHead, value: object): void {
    if (this.version(stream) !== 0) throw new Error(`${stream} exists`);
    this.patch(stream, happening, [{ op: 'add', path: '', value: value as Json }]);
  }

  edit<T extends object>(stream: string, happening: EventHead, recipe: (draft: T) => void): void {
    const before = this.read<T>(stream);
    if (before === undefined) throw new Error(`${stream} does not exist`);
    const options = { enablePatches: { pathAsArray: false, arrayLengthAssignment: false } } as const;
    // What the recipe returns is nothing to us: `(draft) => draft.items.push(x)` is as good as a block.
    const change = (draft: unknown): void => {
      recipe(draft as T);
    };
    const [, patches] = create(before as T, change, options);
    if (patches.length > 0) this.patch(stream, happening, patches as unknown as PatchOp[]);
  }

  patch(stream: string, happening: EventHead, ops: readonly PatchOp[]): void {
    this.touch(stream);
    if (ops.length === 0) return;
    // Copied twice over: the event must not change when a later edit of this decision reaches into the same value.
    const patch = ops.map(copyOp);
    const event: StreamEvent = { stream, type: happening.type, patch };
    if (happening.data !== undefined) event.data = happening.data;
    this.undos.push(this.cache.change(stream, ops.map(copyOp)));
    this.events.push(event);
  }

  /** Records a stream as read: the commit will be void if it changes. */
  touch(stream: string): Expected {
    const known = this.expect[stream];
    if (known !== undefined) return known;
    const expected = this.expected(stream);
    // What is in the log has passed this before.
    if (expected[0] === 0 && !isStreamName(stream)) throw new Error(`not a stream name: ${stream}`);
    this.expect[stream] = expected;
    return expected;
  }

  revert(): void {
    this.cache.revert(this.undos);
  }
}

function copyOp(op: PatchOp): PatchOp {
  return op.op === 'remove' ? op : { op: op.op, path: op.path, value: copyJson(op.value) };
}
