// The writer of a replaced value: known after a restart too, and found in the log by the same rule as in memory.

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Documents } from '../../src/documents/documents.ts';
import { findWriters } from '../../src/documents/last-writer.ts';
import { Provenance } from '../../src/documents/provenance.ts';
import type { Request } from '../../src/documents/requests.ts';
import { startSession } from '../../src/domain/session/commands.ts';
import { sessionStream } from '../../src/domain/session/document.ts';
import { changeState, type StateOperation } from '../../src/domain/state/commands.ts';
import { FailureError, ok } from '../../src/failure/failure.ts';
import type { Json } from '../../src/json/json.ts';
import { maintain, newPlace, openDocuments } from '../admin/made-store.ts';
import { Rig, workspace } from '../rig.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function open(dir: string): Documents {
  const documents = openDocuments(dir, 1);
  ends.push(() => documents.close());
  return documents;
}

const by = (agent: string) => ({ user: 'u', tool: 't', agent });

async function change(at: Documents, id: string, operation: StateOperation, agent: string, request?: Request) {
  const changed = await at.change((tx, ctx) => changeState(tx, ctx, id, operation), { by: by(agent), request });
  if (!changed.ok) throw new Error(JSON.stringify(changed.failure));
  return changed.value;
}

const set = (path: string, value: Json) => ({ op: 'set' as const, path, value });

/** A store whose checkpoint and index files tell all; the next process folds no commit of it. */
async function given(write: (documents: Documents, id: string) => Promise<unknown>) {
  const place = newPlace();
  ends.push(() => place.remove());
  const documents = openDocuments(place.dir, 1);
  const made = await documents.change((tx, ctx) => startSession(tx, ctx, { mode: 'development', workspace }), {
    by: by('founder'),
  });
  if (!made.ok) throw new Error(made.failure.code);
  const id = made.value.value.session;
  await write(documents, id);
  await maintain(documents);
  await maintain(documents);
  await documents.close();
  return { dir: place.dir, id };
}

describe('after a restart', () => {
  test('a write says who wrote what it replaced: the place, something in it, or what held it', async () => {
    const { dir, id } = await given(async (documents, session) => {
      await change(documents, session, set('$.a', { b: { c: 1 }, x: 1 }), 'ann');
      await change(documents, session, set('$.a.b.c', 2), 'bob');
      for (let n = 0; n < 600; n += 1) await change(documents, session, set('$.n', n), 'counter');
    });
    const documents = open(dir);
    expect((await change(documents, id, set('$.a.x', 3), 'me')).value).toMatchObject({ previous_by: 'ann' });
    expect((await change(documents, id, set('$.a.b', 3), 'me')).value).toMatchObject({ previous_by: 'bob' });
    expect((await change(documents, id, { op: 'delete', path: '$.n' }, 'me')).value).toMatchObject({
      previous: 599,
      previous_by: 'counter',
    });
    const first = (await change(documents, id, set('$.new', 1), 'me')).value;
    expect(first).not.toHaveProperty('previous_by');
  });

  test('a repeat answers as the first call did', async () => {
    const { dir, id } = await given((documents, session) => change(documents, session, set('$.a', 1), 'ann'));
    const request = { id: 'r', arguments: {} };
    const first = await change(open(dir), id, set('$.a', 2), 'me', request);
    expect(first).toMatchObject({ replayed: false, value: { previous: 1, previous_by: 'ann' } });
    const again = await change(open(dir), id, set('$.a', 2), 'me', request);
    expect(again).toMatchObject({ replayed: true, value: first.value });
  });

  test('what would be done says it too', async () => {
    const { dir, id } = await given((documents, session) => change(documents, session, set('$.a', 1), 'ann'));
    const tried = await open(dir).dryRun((tx, ctx) => changeState(tx, ctx, id, set('$.a', 2)), by('me'));
    expect(tried).toMatchObject({ ok: true, value: { value: { previous_by: 'ann' } } });
  });

  test('the log is asked only for what nobody here has written', async () => {
    const { dir, id } = await given((documents, session) => change(documents, session, set('$.a', 1), 'ann'));
    const documents = open(dir);
    let asked = 0;
    const { store } = documents;
    const readBackwards = store.readBackwards.bind(store);
    store.readBackwards = (...given) => {
      asked += 1;
      return readBackwards(...given);
    };
    await change(documents, id, set('$.new', 1), 'me');
    expect(asked).toBe(0);
    await change(documents, id, set('$.a', 2), 'me');
    expect(asked).toBe(1);
    await change(documents, id, set('$.a', 3), 'me');
    await change(documents, id, set('$.new', 2), 'me');
    expect(asked).toBe(1);
  });

  test('the log is asked after the commands of the same batch were read back, not between their tail and their write', async () => {
    const { dir, id } = await given((documents, session) => change(documents, session, set('$.a', 1), 'ann'));
    const documents = open(dir);
    const { store } = documents;
    const [readBackwards, append] = [store.readBackwards.bind(store), store.append.bind(store)];
    const order: string[] = [];
    store.readBackwards = (...given) => {
      order.push('ask');
      return readBackwards(...given);
    };
    store.append = (commits) => {
      order.push('append');
      return append(commits);
    };
    const [first] = await Promise.all([
      change(documents, id, set('$.a', 2), 'me'),
      change(documents, id, set('$.new', 1), 'me'),
    ]);
    expect(order).toEqual(['append', 'ask', 'append']);
    expect(first.value).toMatchObject({ previous: 1, previous_by: 'ann' });
  });

  test('a past that takes too long or is damaged keeps no write from being made', async () => {
    const { dir, id } = await given((documents, session) => change(documents, session, set('$.a', 1), 'ann'));
    const documents = open(dir);
    documents.store.readBackwards = (_stream, _visit, signal) =>
      new Promise((_, reject) => {
        const late = new FailureError({ code: 'deadline-exceeded', what: 'reading the log', afterMs: 100 });
        signal?.addEventListener('abort', () => reject(late));
      });
    const { value } = await change(documents, id, set('$.a', 2), 'me');
    expect(value).toMatchObject({ previous: 1 });
    expect(value).not.toHaveProperty('previous_by');
  });
});

test('what stands before a write in the same commit or the same batch is told, and only that', async () => {
  const rig = new Rig();
  const id = await rig.session();
  await change(rig.documents, id, set('$.a', 0), 'ann');
  const [, second] = await Promise.all([
    change(rig.documents, id, set('$.a', 1), 'bob'),
    change(rig.documents, id, set('$.a', 2), 'eve'),
  ]);
  expect(second.value).toMatchObject({ previous: 1, previous_by: 'bob' });
  const twice = await rig.do((tx, ctx) => {
    const results = [3, 4].map((value) => changeState(tx, ctx, id, set('$.a', value)));
    return ok(results.map((result) => (result.ok ? result.value : result.failure)));
  });
  expect(twice.value[0]).toMatchObject({ previous: 2, previous_by: 'eve' });
  expect(twice.value[1]).toMatchObject({ previous: 3 });
  expect(twice.value[1]).not.toHaveProperty('previous_by');
});

test('the search in the log and the memory say the same of every place', async () => {
  const name = fc.constantFrom('a', 'b', 'ab');
  const pointer = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`);
  const writes = fc.array(fc.array(pointer, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(writes, fc.uniqueArray(pointer, { minLength: 1, maxLength: 8 }), async (commits, asked) => {
      const rig = new Rig();
      const id = await rig.session();
      for (const [index, paths] of commits.entries()) {
        rig.now += 1_000;
        const write = async (path: string) =>
          await rig.documents.change(
            (tx, ctx) => changeState(tx, ctx, id, set(path.replaceAll('/', '.').slice(1), { n: index })),
            { by: by(`agent-${index}`) },
          );
        for (const path of paths) await write(path);
      }
      const stream = sessionStream(id);
      const memory = new Provenance();
      memory.track(stream);
      for (const folded of await rig.documents.store.readAll(0, 10_000)) memory.note(folded);
      const found = await findWriters(rig.documents.store, stream, new Set(asked), new AbortController().signal);
      for (const path of asked) {
        const known = memory.lookup(stream, path);
        expect(known).toBeDefined();
        expect(found.get(path)).toEqual(known && { by: known.by, at: known.at });
      }
    }),
    { numRuns: 60 },
  );
});
