// A backend whose refresh has to be waited for, as a database's would: the turn is kept until the batch is decided, and
// a refresh that fails fails the commands alone.

import { expect, test } from 'vitest';
import { Documents } from '../../src/documents/documents.ts';
import { FailureError, ok } from '../../src/failure/failure.ts';
import { selectPointers } from '../../src/path/query.ts';
import { MemoryBlobs, MemoryLog, MemoryPresence, MemoryStore } from '../../src/store/memory.ts';
import { BY } from '../store/commits.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

class WaitingStore extends MemoryStore {
  readonly steps: string[] = [];
  trouble: Error | undefined;

  override takeTurn(): undefined {
    const release = (): void => {
      this.steps.push('released');
    };
    return Promise.resolve(release) as unknown as undefined;
  }

  override refresh(): undefined {
    const refreshed = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.steps.push(this.trouble === undefined ? 'refreshed' : 'refused');
        if (this.trouble !== undefined) reject(this.trouble);
        else {
          super.refresh();
          resolve();
        }
      });
    });
    return refreshed as unknown as undefined;
  }
}

async function begin() {
  let store: WaitingStore | undefined;
  const documents = new Documents({
    openStore: (onCommits) => {
      store = new WaitingStore(new MemoryLog(), onCommits);
      return store;
    },
    blobs: new MemoryBlobs(),
    presence: new MemoryPresence(),
    now: () => 0,
    id: (prefix) => `${prefix}-1`,
    select: selectPointers,
  });
  if (store === undefined) throw new Error('no store was opened');
  // The refresh that opening began.
  await tick();
  return { documents, store };
}

test('the turn is given back after the batch is decided', async () => {
  const { documents, store } = await begin();
  const changed = await documents.change(
    (tx) => {
      store.steps.push('decided');
      tx.create('task/t-1', { type: 'task.created' }, { schema: 1 });
      return ok('made');
    },
    { by: BY },
  );
  expect(changed).toMatchObject({ ok: true, value: { value: 'made' } });
  expect(store.steps).toEqual(['refreshed', 'refreshed', 'decided', 'released']);
});

test('a refresh that fails is the answer of the commands, and the next ones are decided', async () => {
  const { documents, store } = await begin();
  store.trouble = new FailureError({ code: 'read-only', why: 'the connection is gone' });
  expect(await documents.change(() => ok(1), { by: BY })).toMatchObject({ ok: false, failure: { code: 'read-only' } });
  expect(store.steps).toEqual(['refreshed', 'refused', 'released']);
  store.trouble = undefined;
  expect(await documents.change(() => ok(2), { by: BY })).toMatchObject({ ok: true, value: { value: 2 } });
});

test('a peek does not wait, and a refresh that fails under it is no unhandled rejection', async () => {
  const { documents, store } = await begin();
  store.trouble = new Error('the connection is gone');
  const { steps } = store;
  expect(documents.peek((view) => view.seq)).toBe(store.seq());
  await tick();
  expect(steps).toEqual(['refreshed', 'refused']);
});
