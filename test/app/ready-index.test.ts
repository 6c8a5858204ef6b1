// The hint which node to look at first: kept up by what events say they are about, whatever their patches look like.

import { describe, expect, test } from 'vitest';
import { ReadyIndex } from '../../src/app/ready-index.ts';
import { runStream } from '../../src/domain/run/document.ts';
import { ok } from '../../src/failure/failure.ts';
import { okOf, RunRig, work } from '../run-rig.ts';

async function given() {
  const rig = new RunRig([work('a'), work('b', ['a']), work('c', ['b'])]);
  await rig.start();
  const index = new ReadyIndex(rig.documents, { worthNodes: 1 });
  const next = () => index.next(rig.document(), rig.graph, rig.clock.now, () => true);
  expect(next()).toBe('a');
  return { rig, next };
}

describe('given a run whose index was asked before', () => {
  test('when a node is finished, then the next one is named', async () => {
    const { rig, next } = await given();
    okOf(await rig.report(await rig.claimed({ node: 'a' }), 'done'));
    expect(next()).toBe('b');
  });

  test('when an event says which node it is about, then its patch does not matter', async () => {
    const { rig, next } = await given();
    okOf(await rig.report(await rig.claimed({ node: 'a' }), 'done'));
    const nodes = { ...rig.document().nodes, b: { status: 'finished', attempt: 1, fence: 1 } };
    const changed = await rig.do((tx) => {
      const data = { node: 'b' };
      tx.patch(runStream(rig.run), { type: 'node.finished', data }, [
        { op: 'replace', path: '/nodes', value: JSON.parse(JSON.stringify(nodes)) },
      ]);
      return ok(null);
    });
    okOf(changed);
    expect(next()).toBe('c');
  });

  test('when an event is about no single node, then the index begins anew', async () => {
    const { rig, next } = await given();
    const finished = { status: 'finished', attempt: 1, fence: 1 };
    const changed = await rig.do((tx) => {
      tx.patch(runStream(rig.run), { type: 'document.adopted' }, [
        { op: 'replace', path: '/nodes', value: { a: { ...finished }, b: { ...finished } } },
      ]);
      return ok(null);
    });
    okOf(changed);
    expect(next()).toBe('c');
  });
});
