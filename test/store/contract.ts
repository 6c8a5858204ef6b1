// What every backend must do, however it stores: run by memory.test.ts and file.test.ts. A rig is several stores on one
// log, as several processes would have them.

import { afterEach, describe, expect, it } from 'vitest';
import { Documents } from '../../src/documents/documents.ts';
import type { Decide } from '../../src/domain/command.ts';
import { ok } from '../../src/failure/failure.ts';
import type { JsonObject } from '../../src/json/json.ts';
import type { FoldedCommit } from '../../src/store/fold.ts';
import type { Blobs, CommitListener, Presence, Store } from '../../src/store/port.ts';
import { BY, commitOf, put } from './commits.ts';

export interface Rig {
  /** A store on the same log, as another process would open it. */
  open(onCommits: CommitListener): Store;
  blobs: Blobs;
  presence: Presence;
  remove(): void;
}

interface Opened {
  store: Store;
  heard: FoldedCommit[];
}

export const increment: Decide<number> = (tx) => {
  const before = tx.read<{ n: number }>('counter/hot');
  // Taken before the patch: a document changes in place.
  const n = (before?.n ?? 0) + 1;
  if (before === undefined) tx.create('counter/hot', { type: 'counter.made' }, { n });
  else tx.patch('counter/hot', { type: 'counter.raised' }, [{ op: 'replace', path: '/n', value: n }]);
  return ok(n);
};

export function storeContract(name: string, makeRig: () => Rig): void {
  describe(`store contract: ${name}`, () => {
    const rigs: Rig[] = [];
    const stores: Store[] = [];
    const open = (rig: Rig): Opened => {
      const heard: FoldedCommit[] = [];
      const store = rig.open((commits) => heard.push(...commits));
      stores.push(store);
      return { store, heard };
    };
    const start = () => {
      const rig = makeRig();
      rigs.push(rig);
      return rig;
    };
    const documents = (rig: Rig): Documents =>
      new Documents({
        openStore: (onCommits) => rig.open(onCommits),
        blobs: rig.blobs,
        presence: rig.presence,
        now: Date.now,
        id: (prefix) => `${prefix}-x`,
        select: () => ok([]),
      });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      for (const rig of rigs.splice(0)) rig.remove();
    });

    it('keeps one order for everybody', async () => {
      const rig = start();
      const [a, b] = [open(rig), open(rig)];
      for (let n = 0; n < 20; n += 1) await put((n % 3 === 0 ? a : b).store, `task/t-${n % 4}`, n);
      await a.store.refresh();
      await b.store.refresh();
      const cold = open(rig);
      const order = (opened: Opened) => opened.heard.map(({ seq, sum }) => `${seq} ${sum}`);
      expect(order(a)).toEqual(order(b));
      // A store made first hears of its creation; one that came later may have that from a cache.
      expect(order(cold).slice(-20)).toEqual(order(a).slice(-20));
      expect(new Set(a.heard.map(({ seq }) => seq)).size).toBe(a.heard.length);
    });

    it('reads the past of a stream at once and with pauses alike, from any version', async () => {
      const { store } = open(start());
      for (let n = 1; n <= 6; n += 1) await put(store, `task/t-${n % 2}`, n);
      for (const from of [1, 2, 4]) {
        const events = await store.readPast('task/t-1', from);
        expect(events).toEqual(store.read('task/t-1', from));
        expect(events.map(({ version }) => version)).toEqual([1, 2, 3].slice(from - 1));
      }
      expect(await store.readPast('task/none', 1)).toEqual([]);
    });

    it('tells the events of a stream from the newest back, as far as is wanted', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      for (let n = 1; n <= 40; n += 1) {
        await put(a, `task/t-${n % 2}`, n);
        if (n % 5 > 0) continue;
        // A void line, which was decided before the one above.
        const late = commitOf(b, [{ stream: 'task/t-1', value: 'late' }]);
        expect(b.append([late]).outcomes[0]?.kind).toBe('lost');
        await b.refresh();
      }
      const all = a.read('task/t-1', 1).map(({ at, by, patch }) => ({ at, by, patch }));
      for (const wanted of [1, 3, 20, 99]) {
        const told: object[] = [];
        await a.readBackwards('task/t-1', ({ at, by, patch }) => told.push({ at, by, patch }) < wanted);
        expect(told).toEqual(all.toReversed().slice(0, wanted));
      }
      await a.readBackwards('task/none', () => expect.fail('told an event'));
    });

    it('lets only one of two commits that expect the same version win', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      const first = commitOf(a, [{ stream: 'task/t-1', value: 'a' }]);
      const second = commitOf(b, [{ stream: 'task/t-1', value: 'b' }]);
      expect(a.append([first]).outcomes).toMatchObject([{ kind: 'won' }]);
      expect(b.append([second]).outcomes).toMatchObject([{ kind: 'lost' }]);
      expect(b.expected('task/t-1')).toEqual(a.expected('task/t-1'));
      expect(b.read('task/t-1', 1)).toHaveLength(1);
    });

    it.each([
      ['lower', [0, ''] as [number, string]],
      ['higher', [7, 'abcdefabcdef'] as [number, string]],
      ['of another head', [1, 'abcdefabcdef'] as [number, string]],
    ])('voids a commit whose expectation is %s, without damage', async (_what, expected) => {
      const rig = start();
      const { store } = open(rig);
      await put(store, 'task/t-1', 1);
      const wrong = commitOf(store, [{ stream: 'task/t-1', value: 2 }], { expect: { 'task/t-1': expected } });
      expect(store.append([wrong]).outcomes).toMatchObject([{ kind: 'lost' }]);
      expect(await put(store, 'task/t-1', 3)).toMatchObject({ kind: 'won' });
      expect(store.info().stopped).toBeUndefined();
    });

    it('forbids write skew: two commits that each read what the other writes', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      await put(a, 'task/x', 0);
      await put(a, 'task/y', 0);
      await b.refresh();
      const one = commitOf(a, [{ stream: 'task/x', value: 1 }], { reads: ['task/y'] });
      const two = commitOf(b, [{ stream: 'task/y', value: 1 }], { reads: ['task/x'] });
      const kinds = [a.append([one]).outcomes[0]?.kind, b.append([two]).outcomes[0]?.kind];
      expect(kinds).toEqual(['won', 'lost']);
    });

    it('is atomic over the streams of a commit', async () => {
      const rig = start();
      const { store } = open(rig);
      await put(store, 'task/t-1', 1);
      const stale = commitOf(store, [
        { stream: 'task/t-2', value: 2 },
        { stream: 'task/t-1', value: 2 },
      ]);
      await put(store, 'task/t-1', 3);
      expect(store.append([stale]).outcomes).toMatchObject([{ kind: 'lost' }]);
      expect(store.expected('task/t-2')).toEqual([0, '']);
    });

    it('judges each line of a batch on its own, unrelated streams never conflicting', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      const batch = [1, 2, 3].map((n) => commitOf(a, [{ stream: `task/t-${n}`, value: n }]));
      await put(b, 'task/t-2', 'other');
      expect(a.append(batch).outcomes.map(({ kind }) => kind)).toEqual(['won', 'lost', 'won']);
    });

    it('voids a second copy of a commit', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      const commit = commitOf(a, [{ stream: 'task/t-1', value: 1 }]);
      expect(a.append([commit]).outcomes).toMatchObject([{ kind: 'won' }]);
      await b.refresh();
      expect(b.append([commit]).outcomes).toMatchObject([{ kind: 'lost' }]);
      expect(b.expected('task/t-1')[0]).toBe(1);
    });

    it('voids a commit that changes what it has not seen, or nothing', async () => {
      const rig = start();
      const { store } = open(rig);
      const blind = commitOf(store, [{ stream: 'task/t-1', value: 1 }]);
      const body = { ...blind.commit, expect: {} };
      const empty = { ...blind.commit, events: [] };
      const { encodeCommit } = await import('../../src/store/commit.ts');
      expect(store.append([encodeCommit(body)]).outcomes).toMatchObject([{ kind: 'lost' }]);
      expect(store.append([encodeCommit(empty)]).outcomes).toMatchObject([{ kind: 'lost' }]);
    });

    it('reads a stream and the whole log without a gap, from any place', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      for (let n = 1; n <= 12; n += 1) await put(n % 2 === 0 ? a : b, `task/t-${n % 2}`, n);
      await a.refresh();
      expect(a.read('task/t-1', 3).map(({ version }) => version)).toEqual([3, 4, 5, 6]);
      const seqs: number[] = [];
      for (;;) {
        const page = await a.readAll(seqs.at(-1) ?? 0, 5);
        if (page.length === 0) break;
        seqs.push(...page.map(({ seq }) => seq));
      }
      expect(seqs).toEqual(Array.from({ length: a.seq() }, (_, index) => index + 1));
    });

    it('never skips a commit for a reader that pages while others write', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      const seqs: number[] = [];
      for (let n = 0; n < 40; n += 1) {
        await put(b, `task/t-${n % 3}`, n);
        for (const { seq } of await a.readAll(seqs.at(-1) ?? 0, 2)) seqs.push(seq);
      }
      for (
        let page = await a.readAll(seqs.at(-1) ?? 0, 7);
        page.length > 0;
        page = await a.readAll(seqs.at(-1) ?? 0, 7)
      )
        seqs.push(...page.map(({ seq }) => seq));
      expect(seqs).toEqual(Array.from({ length: b.seq() }, (_, index) => index + 1));
    });

    it('reads no further than what it has folded, so that settling covers every answer', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      await put(a, 'task/t-1', 1);
      await b.refresh();
      await put(a, 'task/t-1', 2);
      expect(b.read('task/t-1', 1)).toHaveLength(b.expected('task/t-1')[0]);
    });

    it('hints at commits of another store', async () => {
      const rig = start();
      const [a, b] = [open(rig).store, open(rig).store];
      const stop = new AbortController();
      const hints: number[] = [];
      const watching = (async () => {
        for await (const seq of b.watch(b.seq(), stop.signal)) {
          hints.push(seq);
          if (hints.length === 2) stop.abort();
        }
      })();
      await put(a, 'task/t-1', 1);
      await expect.poll(() => hints.length, { timeout: 5_000 }).toBe(1);
      await put(a, 'task/t-1', 2);
      await watching;
      expect(hints).toEqual([a.seq() - 1, a.seq()]);
    });

    it('takes snapshots for a cache: forgetting them changes nothing', async () => {
      const rig = start();
      const first = documents(rig);
      for (let n = 0; n < 3; n += 1) await first.change(increment, { by: BY });
      const snapshot = first.snapshot('counter/hot');
      if (snapshot !== undefined) await first.store.putSnapshot({ ...snapshot, doc: { n: 'a lie' }, version: 2 });
      const second = documents(rig);
      expect(await second.read((view) => ({ ...view.get<JsonObject>('counter/hot') }))).toEqual({ schema: 1, n: 3 });
      await first.close();
      await second.close();
    });

    it('lets two writers raise one counter without losing or doubling', async () => {
      const rig = start();
      const writers = [documents(rig), documents(rig), documents(rig)];
      const answers = await Promise.all(
        Array.from({ length: 90 }, (_, n) => writers[n % 3]?.change(increment, { by: BY })),
      );
      const values = answers.map((answer) => (answer?.ok ? answer.value.value : -1)).sort((x, y) => x - y);
      expect(values).toEqual(Array.from({ length: 90 }, (_, n) => n + 1));
      for (const writer of writers) await writer.close();
    });

    it('lets a slow decider through while a fast writer never rests', async () => {
      const rig = start();
      const [slow, fast] = [documents(rig), documents(rig)];
      let stop = false;
      let commits = 0;
      const busy = (async () => {
        while (!stop) {
          await fast.change(increment, { by: BY });
          commits += 1;
        }
      })();
      let worstMs = 0;
      for (let n = 0; n < 10; n += 1) {
        const startedAt = performance.now();
        const result = await slow.change(
          (tx, ctx) => {
            const until = performance.now() + 4;
            while (performance.now() < until);
            return increment(tx, ctx);
          },
          { by: BY },
        );
        expect(result.ok).toBe(true);
        worstMs = Math.max(worstMs, performance.now() - startedAt);
      }
      stop = true;
      await busy;
      expect(commits).toBeGreaterThan(0);
      expect(worstMs).toBeLessThan(2_000);
      await slow.close();
      await fast.close();
    });

    it('makes a request one effect: at once, in another process, and after reopening', async () => {
      const rig = start();
      const [a, b] = [documents(rig), documents(rig)];
      const request = { id: 'r-1', arguments: { x: 1, y: [2] } };
      const racing = await Promise.all([a, b, a, b].map((one) => one.change(increment, { by: BY, request })));
      await a.close();
      const c = documents(rig);
      const late = await c.change(increment, { by: BY, request: { id: 'r-1', arguments: { y: [2], x: 1 } } });
      const results = [...racing, late].map((result) => (result.ok ? [result.value.value, result.value.replayed] : []));
      expect(results.filter(([, replayed]) => replayed === false)).toEqual([[1, false]]);
      expect(results.filter(([value, replayed]) => value === 1 && replayed === true)).toHaveLength(4);
      expect(await c.change(increment, { by: BY, request: { id: 'r-1', arguments: {} } })).toMatchObject({
        ok: false,
        failure: { code: 'request-reused' },
      });
      expect(await c.read((view) => view.version('counter/hot'))).toBe(1);
      await b.close();
      await c.close();
    });

    it('undoes a lost decision before it decides again', async () => {
      const rig = start();
      const [a, b] = [documents(rig), documents(rig)];
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          (n % 2 === 0 ? a : b).change(
            (tx) => {
              const list = tx.read<{ items: number[] }>('channel/list');
              if (list === undefined) tx.create('channel/list', { type: 'list.made' }, { items: [n] });
              else tx.edit<{ items: number[] }>('channel/list', { type: 'list.grew' }, (draft) => draft.items.push(n));
              return ok(n);
            },
            { by: BY },
          ),
        ),
      );
      expect(results.every((result) => result.ok)).toBe(true);
      const look = (one: Documents) =>
        one.read((view) => [...(view.get<{ items: number[] }>('channel/list')?.items ?? [])]);
      const seen = await look(a);
      expect([...seen].sort((x, y) => x - y)).toEqual(Array.from({ length: 40 }, (_, n) => n));
      expect(await look(b)).toEqual(seen);
      await a.close();
      await b.close();
    });
  });
}
