// Documents of a newer program: given a document of any kind whose schema is newer than this program's, when a
// command would change it, then it is refused and stays as it is; it can still be read.

import { describe, expect, test } from 'vitest';
import type { Decide } from '../../src/domain/command.ts';
import { documentSchemas } from '../../src/domain/schemas.ts';
import { ok } from '../../src/failure/failure.ts';
import type { JsonObject } from '../../src/json/json.ts';
import { BY, failureOf, memoryDocuments, okOf } from '../run-rig.ts';

const writes: [string, (stream: string) => Decide<null>][] = [
  [
    'an operation',
    (stream) => (tx) => {
      tx.patch(stream, { type: 'test.changed' }, [{ op: 'replace', path: '/n', value: 2 }]);
      return ok(null);
    },
  ],
  [
    'an edit',
    (stream) => (tx) => {
      tx.edit<{ n: number }>(stream, { type: 'test.changed' }, (draft) => {
        draft.n = 2;
      });
      return ok(null);
    },
  ],
  [
    'a change beside one of another document',
    (stream) => (tx) => {
      tx.create('other/a', { type: 'test.created' }, { n: 1 });
      tx.patch(stream, { type: 'test.changed' }, [{ op: 'remove', path: '/n' }]);
      return ok(null);
    },
  ],
];

describe.each(Object.entries(documentSchemas))('a %s of a newer schema', (kind, known) => {
  const stream = kind === 'store' ? 'store' : `${kind}/a`;

  async function given() {
    const documents = memoryDocuments();
    const made = await documents.change(
      (tx) => {
        tx.create(stream, { type: 'test.created' }, { n: 1 });
        tx.patch(stream, { type: 'test.migrated' }, [{ op: 'replace', path: '/schema', value: known + 1 }]);
        return ok(null);
      },
      { by: BY },
    );
    okOf(made);
    return documents;
  }

  test.each(writes)('is refused for %s, and read all the same', async (_, write) => {
    const documents = await given();
    const refused = failureOf(await documents.change(write(stream), { by: BY }));
    expect(refused).toMatchObject({ code: 'store-newer', found: known + 1, known });
    expect(failureOf(await documents.dryRun(write(stream), BY))).toEqual(refused);
    const read = await documents.read((view) => [{ ...view.get(stream) }, view.get('other/a'), view.seq]);
    expect(read).toEqual([{ schema: known + 1, n: 1 }, undefined, 1]);
  });
});

test('a kind that this program does not know is refused too, once it has a schema', async () => {
  const documents = memoryDocuments();
  const making: Decide<null> = (tx) => {
    tx.patch('future/a', { type: 'test.created' }, [{ op: 'add', path: '', value: { schema: 1, n: 1 } }]);
    return ok(null);
  };
  okOf(await documents.change(making, { by: BY }));
  const refused = failureOf(await documents.change(writes[0]?.[1]('future/a') as Decide<null>, { by: BY }));
  expect(refused).toEqual({ code: 'store-newer', what: 'The document future/a', found: 1, known: 0 });
});

describe('a new document', () => {
  const created = async (value: object, stream = 'task/a'): Promise<JsonObject | undefined> => {
    const documents = memoryDocuments();
    const decide: Decide<null> = (tx) => {
      tx.create(stream, { type: 'test.created' }, value);
      return ok(null);
    };
    okOf(await documents.change(decide, { by: BY }));
    return await documents.read((view) => view.get(stream));
  };

  test('has the schema of its kind', async () => {
    expect(await created({ n: 1 })).toEqual({ schema: documentSchemas.task, n: 1 });
    expect(await created({ schema: documentSchemas.task, n: 1 })).toEqual({ schema: documentSchemas.task, n: 1 });
  });

  test('of another schema is a bug, and so is a kind that the table lacks', async () => {
    await expect(created({ schema: documentSchemas.task + 1 })).rejects.toThrow('schema 2 is not that of its kind, 1');
    await expect(created({ schema: 1 }, 'future/a')).rejects.toThrow('not that of its kind, which has none');
  });
});
