// Repeats: one effect for one request_id, the stored answer whatever its size, a conflict for other arguments.

import { describe, expect, test } from 'vitest';
import { Provenance } from '../../src/documents/provenance.ts';
import { requestStream } from '../../src/documents/requests.ts';
import { sessionStream } from '../../src/domain/session/document.ts';
import { changeState } from '../../src/domain/state/commands.ts';
import { ok } from '../../src/failure/failure.ts';
import type { Json } from '../../src/json/json.ts';
import type { FoldedCommit } from '../../src/store/fold.ts';
import { Rig } from '../rig.ts';

async function given() {
  const rig = new Rig();
  const id = await rig.session();
  const by = { user: 'u', tool: 't', session: id };
  const run = (request: { id: string; arguments: Json; scope?: string }, answer: unknown = {}, at = rig.documents) =>
    rig.do(
      (tx, ctx) => {
        const set = changeState(tx, ctx, id, { op: 'merge', path: '$', value: { [ctx.id('n')]: 1 } });
        return set.ok ? ok(answer) : set;
      },
      { by, request, at },
    );
  const effects = async () => Object.keys((await rig.doc<object>(sessionStream(id))) ?? {}).length - 3;
  return { rig, id, run, effects };
}

describe('a request', () => {
  test('is answered from the store by another process, whatever the size of its answer', async () => {
    for (const answer of [null, { a: 1 }, { big: 'x'.repeat(10_000) }]) {
      const { rig, run, effects } = await given();
      const first = await run({ id: 'r', arguments: {} }, answer);
      expect(first).toMatchObject({ replayed: false, changed: true });
      const again = await run({ id: 'r', arguments: {} }, 'another answer', rig.process());
      expect(again).toMatchObject({ replayed: true, changed: false, value: answer });
      expect(await effects()).toBe(1);
    }
  });

  test('with other arguments is refused; the order of their keys does not matter', async () => {
    const { run, effects } = await given();
    await run({ id: 'r', arguments: { a: [1, { x: 1, y: 2 }], b: null } });
    await run({ id: 'r', arguments: { b: null, a: [1, { y: 2, x: 1 }] } });
    await expect(run({ id: 'r', arguments: { a: [1, { x: 1, y: 3 }], b: null } })).rejects.toThrow('request-reused');
    expect(await effects()).toBe(1);
  });

  test('is another one in another scope', async () => {
    const { run, effects } = await given();
    for (const scope of ['a', 'b', 'a']) await run({ id: 'r', arguments: {}, scope });
    expect(await effects()).toBe(2);
  });

  test('whose answer a newer program stored is refused', async () => {
    const { rig, id, run } = await given();
    await run({ id: 'r', arguments: {} });
    await rig.do((tx) => {
      tx.patch(requestStream(id, 't', 'r'), { type: 'test.migrated' }, [{ op: 'replace', path: '/schema', value: 2 }]);
      return ok(null);
    });
    await expect(run({ id: 'r', arguments: {} })).rejects.toThrow('store-newer');
  });

  test('that is refused leaves no trace: it may be put right and repeated', async () => {
    const { rig, id } = await given();
    const set = (ifEtag: string) =>
      rig.do((tx, ctx) => changeState(tx, ctx, id, { op: 'set', path: '$.x', value: 1, ifEtag }), {
        request: { id: 'r', arguments: { ifEtag } },
      });
    await expect(set('wrong')).rejects.toThrow('etag-mismatch');
    expect((await set('absent')).replayed).toBe(false);
  });
});

describe('who wrote last', () => {
  const folded = (seq: number, by: { session?: string; agent?: string }, path: string): FoldedCommit =>
    ({
      seq,
      commit: {
        at: `t${seq}`,
        by: { user: 'u', tool: 't', ...by },
        events: [{ stream: 'session/s', type: 'x', patch: [{ op: 'add', path, value: 1 }] }],
      },
    }) as unknown as FoldedCommit;

  test('a place, something in it, or something that holds it: the newest counts', () => {
    const provenance = new Provenance();
    const by = (pointer: string) => provenance.lookup('session/s', pointer)?.by;
    provenance.note(folded(0, { session: 'early' }, '/a'));
    provenance.track('session/s');
    expect(by('/a')).toBeUndefined();
    provenance.note(folded(1, { session: 'one' }, '/a'));
    expect([by('/a'), by('/a/b'), by('/ab'), by('/b')]).toEqual(['one', 'one', undefined, undefined]);
    provenance.note(folded(2, { session: 'one', agent: 'ann' }, '/a/b/c'));
    expect([by('/a'), by('/a/b'), by('/a/b/c/d'), by('/a/x')]).toEqual(['ann', 'ann', 'ann', 'one']);
    provenance.note(folded(3, {}, '/a'));
    expect([by('/a/b/c'), provenance.lookup('session/s', '/a')?.at]).toEqual(['u', 't3']);
    expect(provenance.lookup('session/other', '/a')).toBeUndefined();
  });

  test('memory is bounded; the places that were not written for longest are forgotten', () => {
    const provenance = new Provenance();
    provenance.track('session/s');
    for (let seq = 1; seq <= 20_001; seq += 1) provenance.note(folded(seq, {}, `/k${seq}`));
    expect(provenance.lookup('session/s', '/k1')).toBeUndefined();
    expect(provenance.lookup('session/s', '/k2')?.at).toBe('t2');
    // Nothing is said of a place that may have been written by what is forgotten.
    expect(provenance.lookup('session/s', '/never')).toBeUndefined();
  });

  test('what was written before a stream is tracked is left to the log', () => {
    const provenance = new Provenance();
    provenance.note(folded(1, { session: 'one' }, '/a'));
    provenance.track('session/s');
    provenance.note(folded(2, { session: 'two' }, '/b'));
    expect(provenance.lookup('session/s', '/a')).toBeUndefined();
    expect(provenance.lookup('session/s', '/b')?.by).toBe('two');
  });
});
