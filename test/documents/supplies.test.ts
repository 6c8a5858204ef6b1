// Values that a command's context has to fetch: given a graph definition or a past writer, when a command asks for it,
// then its try is undone, the value is fetched, and the command decides again.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { Definitions } from '../../src/documents/definitions.ts';
import type { Documents } from '../../src/documents/documents.ts';
import { type Supplier, Supplies } from '../../src/documents/supplies.ts';
import type { Decide } from '../../src/domain/command.ts';
import { FailureError, fail, ok } from '../../src/failure/failure.ts';
import type { AnyGraph } from '../../src/graph/kinds/index.ts';
import { MemoryBlobs, MemoryLog } from '../../src/store/memory.ts';
import { BY, failureOf, memoryDocuments, okOf, work } from '../run-rig.ts';

const STREAM = 'task/a';
const graph = (name: string): AnyGraph => ({ name, nodes: [work('a')] });

/** Blobs that take waiting, as those of a database do. */
class RemoteBlobs extends MemoryBlobs {
  readonly fetched: string[] = [];
  /** Called with the hash before its bytes arrive. */
  before: (sha256: string) => void | Promise<void> = () => undefined;

  override get(): undefined {
    return undefined;
  }

  async fetch(sha256: string, signal: AbortSignal): Promise<Buffer | undefined> {
    this.fetched.push(sha256);
    await this.before(sha256);
    if (signal.aborted) throw new FailureError({ code: 'deadline-exceeded', what: 'reading a blob', afterMs: 0 });
    return super.get(sha256);
  }
}

/** A process that has prepared nothing yet, on a log and blobs that may be shared. */
function opened(blobs: MemoryBlobs, log = new MemoryLog()): Documents {
  return memoryDocuments({ blobs, log });
}

/** Names each definition's graph, after an edit that must not outlive a try. */
function naming(hashes: readonly string[], tries: { count: number } = { count: 0 }): Decide<string[]> {
  return (tx, ctx) => {
    tries.count += 1;
    tx.create(STREAM, { type: 'task.created' }, { tries: tries.count });
    return ok(hashes.map((hash) => ctx.definition(hash).prepared.graph.name));
  };
}

describe.each([
  ['blobs at hand', () => new MemoryBlobs()],
  ['blobs that take waiting', () => new RemoteBlobs()],
])('a definition, with %s', (_, made) => {
  test('is reached within the decision, by its hash', async () => {
    const blobs = made();
    const { hash } = new Definitions(blobs).put(graph('one'));
    const changed = okOf(await opened(blobs).change(naming([hash]), { by: BY }));
    expect(changed).toMatchObject({ value: ['one'], changed: true, seq: 1 });
  });

  test('whose blob is missing fails the command, and nothing is written', async () => {
    const documents = opened(made());
    const gone = 'f'.repeat(64);
    const refused = failureOf(await documents.change(naming([gone]), { by: BY }));
    expect(refused).toMatchObject({ code: 'store-damaged', file: `blobs/${gone}` });
    expect(documents.store.seq()).toBe(0);
    expect(await documents.read((view) => view.get(STREAM))).toBeUndefined();
  });

  test('is reached by a dry run, which says too what is missing', async () => {
    const blobs = made();
    const { hash } = new Definitions(blobs).put(graph('one'));
    const documents = opened(blobs);
    const tried = okOf(await documents.dryRun(naming([hash]), BY));
    expect(tried).toMatchObject({ value: ['one'], events: [{ type: 'task.created' }], seq: 0 });
    const refused = failureOf(await documents.dryRun(naming(['f'.repeat(64)]), BY));
    expect(refused).toMatchObject({ code: 'store-damaged' });
    expect(await documents.read((view) => view.get(STREAM))).toBeUndefined();
  });

  test('that memory has dropped is reached again', async () => {
    const blobs = made();
    const hashes = Array.from({ length: 40 }, (_each, n) => new Definitions(blobs).put(graph(`g-${n}`)).hash);
    const documents = opened(blobs);
    for (const hash of [...hashes, ...hashes])
      okOf(await documents.change((_tx, ctx) => ok(ctx.definition(hash).hash), { by: BY }));
    expect(documents.definitions.counts().held).toBeLessThan(40);
  });
});

describe('definitions that take waiting', () => {
  test('more of them than memory keeps, in one decision: each is fetched once', async () => {
    const blobs = new RemoteBlobs();
    const hashes = Array.from({ length: 40 }, (_, n) => new Definitions(blobs).put(graph(`g-${n}`)).hash);
    const [documents, tries] = [opened(blobs), { count: 0 }];
    const names = okOf(await documents.change(naming(hashes, tries), { by: BY })).value;
    expect(names).toEqual(hashes.map((_, n) => `g-${n}`));
    expect(blobs.fetched).toEqual(hashes);
    expect(tries.count).toBe(41);
    expect(await documents.read((view) => ({ ...view.get(STREAM) }))).toMatchObject({ tries: 41 });
  });

  test('evicted from memory between two tries: the command still has it', async () => {
    const blobs = new RemoteBlobs();
    const [{ hash: first }, { hash: second }] = [
      new Definitions(blobs).put(graph('a')),
      new Definitions(blobs).put(graph('b')),
    ];
    const documents = opened(blobs);
    blobs.before = (sha256) => {
      if (sha256 === second) for (let n = 0; n < 40; n += 1) documents.definitions.put(graph(`other-${n}`));
    };
    const changed = await documents.change(naming([first, second]), { by: BY });
    expect(okOf(changed).value).toEqual(['a', 'b']);
    expect(documents.definitions.get(first)).toBeUndefined();
    expect(blobs.fetched).toEqual([first, second]);
  });

  test('what changes meanwhile is what the next try sees', async () => {
    const [blobs, log] = [new RemoteBlobs(), new MemoryLog()];
    const [first, second] = [new Definitions(blobs).put(graph('first')), new Definitions(blobs).put(graph('second'))];
    const [documents, other] = [opened(blobs, log), opened(blobs, log)];
    const pin =
      (hash: string): Decide<null> =>
      (tx) => {
        if (tx.version(STREAM) === 0) tx.create(STREAM, { type: 'task.created' }, { graph: hash });
        else tx.patch(STREAM, { type: 'task.changed' }, [{ op: 'replace', path: '/graph', value: hash }]);
        return ok(null);
      };
    okOf(await documents.change(pin(first.hash), { by: BY }));
    blobs.before = async (sha256) => {
      if (sha256 === first.hash) okOf(await other.change(pin(second.hash), { by: BY }));
    };
    const seen = await documents.change(
      (tx, ctx) => ok(ctx.definition(tx.read<{ graph: string }>(STREAM)?.graph ?? '').prepared.graph.name),
      { by: BY },
    );
    expect(okOf(seen).value).toBe('second');
    expect(blobs.fetched).toEqual([first.hash, second.hash]);
  });

  test('the rest of the batch does not wait', async () => {
    const blobs = new RemoteBlobs();
    const { hash } = new Definitions(blobs).put(graph('slow'));
    const documents = opened(blobs);
    let arrive = (): void => undefined;
    blobs.before = () => new Promise((resolve) => (arrive = resolve));
    const waiting = documents.change((_tx, ctx) => ok(ctx.definition(hash).hash), { by: BY });
    const other = documents.change(naming([]), { by: BY });
    expect(okOf(await other).changed).toBe(true);
    await vi.waitFor(() => expect(blobs.fetched).toEqual([hash]));
    arrive();
    expect(okOf(await waiting).value).toBe(hash);
  });

  test('a deadline that passes meanwhile is a failure, not damage', async () => {
    const blobs = new RemoteBlobs();
    const { hash } = new Definitions(blobs).put(graph('slow'));
    blobs.before = () => new Promise((resolve) => setTimeout(resolve, 20));
    const deadlineAt = performance.now() + 1;
    const failed = await opened(blobs).change((_tx, ctx) => ok(ctx.definition(hash).hash), { by: BY, deadlineAt });
    expect(failureOf(failed)).toMatchObject({ code: 'deadline-exceeded' });
  });

  test('a command that swallows the end of its try is decided again all the same', async () => {
    const blobs = new RemoteBlobs();
    const { hash } = new Definitions(blobs).put(graph('one'));
    const changed = await opened(blobs).change<string>(
      (_tx, ctx) => {
        try {
          return ok(ctx.definition(hash).prepared.graph.name);
        } catch {
          return fail({ code: 'cancelled' });
        }
      },
      { by: BY },
    );
    expect(okOf(changed).value).toBe('one');
  });

  test('a repeat is answered without what the first call needed', async () => {
    const [blobs, log] = [new RemoteBlobs(), new MemoryLog()];
    const { hash } = new Definitions(blobs).put(graph('one'));
    const request = { id: 'r', arguments: {} };
    const first = okOf(await opened(blobs, log).change(naming([hash]), { by: BY, request }));
    const again = okOf(await opened(blobs, log).change(naming([hash]), { by: BY, request }));
    expect(again).toMatchObject({ value: first.value, replayed: true });
    expect(blobs.fetched).toEqual([hash]);
  });
});

describe('supplies', () => {
  const asked: string[][] = [];
  afterEach(() => asked.splice(0));
  const shop: Supplier<number> = {
    fetch: async (keys) => {
      asked.push([...keys]);
      return new Map([...keys].filter((key) => key !== 'none').map((key) => [key, key.length]));
    },
  };

  test('an answer waits for what it only mentions, and so does a refusal', () => {
    const supplies = new Supplies();
    supplies.begin();
    expect(supplies.want(shop, 'key')).toBeUndefined();
    expect(supplies.mustFetch()).toBe(true);
  });

  test('what is wanted is waited for once, however much is wanted later', async () => {
    const supplies = new Supplies();
    supplies.begin();
    for (const key of ['a', 'none']) supplies.want(shop, key);
    await supplies.fetch(Number.POSITIVE_INFINITY);
    supplies.begin();
    expect(['a', 'none', 'later'].map((key) => supplies.want(shop, key))).toEqual([1, undefined, undefined]);
    expect(supplies.mustFetch()).toBe(false);
    expect(asked).toEqual([['a', 'none']]);
  });

  test('what is needed is fetched each time something new is, and an absent thing is known to be absent', async () => {
    const supplies = new Supplies();
    for (const key of ['a', 'none']) {
      supplies.begin();
      expect(() => supplies.need(shop, key)).toThrow('not at hand');
      expect(supplies.mustFetch()).toBe(true);
      await supplies.fetch(Number.POSITIVE_INFINITY);
    }
    expect([supplies.need(shop, 'a'), supplies.need(shop, 'none')]).toEqual([1, undefined]);
  });
});
