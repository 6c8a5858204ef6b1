// Undoing what a run has done, after it failed or was cancelled.

import { expect, test } from 'vitest';
import { type ControlInput, controlRun } from '../../../src/domain/run/control.ts';
import { saveGraph } from '../../../src/domain/run/start.ts';
import { checkGraph } from '../../../src/graph/check/check.ts';
import { type AnyNode, nodeKinds } from '../../../src/graph/kinds/index.ts';
import { failureOf, okOf, RunRig, work } from '../../run-rig.ts';

const undo = (task: string) => ({ compensate: { kind: 'agent', task } });

function control(rig: RunRig, input: Omit<ControlInput, 'run'>) {
  return rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, ...input }));
}

async function end(rig: RunRig, node: string, more: object | 'failed' = {}) {
  const claim = await rig.claimed({ node });
  if (more === 'failed') return okOf(await rig.report(claim, 'failed', { errorKind: 'terminal', summary: 'no' }));
  return okOf(await rig.report(claim, 'done', more));
}

async function begun(nodes: AnyNode[], inner: AnyNode[] = []): Promise<RunRig> {
  const rig = new RunRig(nodes, { on_failure: 'compensate' });
  if (inner.length > 0) {
    const { hash } = rig.graphs.put({ name: 'inner', nodes: inner });
    okOf(await rig.do((tx, ctx) => saveGraph(tx, ctx, { name: 'inner', hash })));
  }
  await rig.start();
  return rig;
}

const chain = [
  work('book', [], undo('Cancel the booking.')),
  work('note', ['book']),
  work('pay', ['note'], undo('Pay back.')),
  work('ship', ['pay']),
];

test('what has finished is undone in the opposite order, with what it brought, and the run is final', async () => {
  const rig = await begun(chain);
  await end(rig, 'book', { output: { id: 7 } });
  await end(rig, 'note');
  await end(rig, 'pay');
  expect(await end(rig, 'ship', 'failed')).toMatchObject({ run_status: 'compensating' });
  expect(failureOf(await rig.claim({ node: 'undo:book' }))).toMatchObject({ code: 'node-not-ready' });
  await end(rig, 'undo:pay');
  const claim = await rig.claimed();
  expect(rig.brief('undo:book')).toMatchObject({ goal: 'Cancel the booking.', undoes: 'book', result: { id: 7 } });
  expect(okOf(await rig.report(claim, 'done'))).toMatchObject({ run_status: 'compensated' });
  expect(failureOf(await control(rig, { action: 'retry_node', node: 'ship' }))).toMatchObject({
    code: 'illegal-transition',
  });
  const again = new RunRig(chain, { on_failure: 'compensate' }, rig.documents);
  expect((await again.start({ resumeFrom: rig.run })).reused).toEqual([]);
});

test('a cancel undoes too, and does not reach the undos', async () => {
  const rig = await begun(chain);
  await end(rig, 'book');
  await end(rig, 'note');
  const late = await rig.claimed({ node: 'pay' });
  okOf(await control(rig, { action: 'cancel' }));
  expect(rig.document().status).toBe('compensating');
  expect(failureOf(await control(rig, { action: 'cancel' }))).toMatchObject({ code: 'illegal-transition' });
  expect(okOf(await rig.report(late, 'done'))).toMatchObject({ status: 'late' });
  expect(okOf(await rig.claim())).toMatchObject({ node: 'undo:book' });
});

test('a run without anything to undo fails or is cancelled as ever', async () => {
  const rig = await begun(chain);
  expect(await end(rig, 'book', 'failed')).toMatchObject({ run_status: 'failed' });
  const other = await begun(chain);
  okOf(await control(other, { action: 'cancel' }));
  expect(other.document().status).toBe('cancelled');
});

test('an undo that fails asks for a decision; skipped, it is listed as not undone', async () => {
  const rig = await begun(chain);
  await end(rig, 'book');
  await end(rig, 'note', 'failed');
  expect(await end(rig, 'undo:book', 'failed')).toMatchObject({ status: 'needs_decision', run_status: 'stuck' });
  okOf(await control(rig, { action: 'decide', node: 'undo:book', decision: 'retry' }));
  expect(rig.document().status).toBe('compensating');
  await end(rig, 'undo:book', 'failed');
  okOf(await control(rig, { action: 'skip_node', node: 'undo:book', reason: 'by phone' }));
  expect(rig.document().status).toBe('compensated');
  expect(rig.node('undo:book')).toMatchObject({ status: 'skipped', summary: 'by phone' });
});

test('the order goes through scopes: what came after a sub-graph is undone before what is in it', async () => {
  const inner = [work('one', [], undo('undo one')), work('two', ['one'], undo('undo two'))];
  const nodes: AnyNode[] = [
    { id: 'g', kind: 'graph', graph: 'inner' },
    work('after', ['g'], undo('undo after')),
    work('items', ['after'], { map: { over: ['a', 'b'] }, ...undo('undo item') }),
    work('bad', ['items']),
  ];
  const rig = await begun(nodes, inner);
  for (const id of ['g/one', 'g/two', 'after', 'items@a', 'items@b']) await end(rig, id);
  await end(rig, 'bad', 'failed');
  const order: string[] = [];
  for (;;) {
    const answer = okOf(await rig.claim());
    if (answer.kind !== 'claimed') break;
    order.push(answer.node);
    okOf(await rig.report(answer.claim, 'done'));
  }
  expect(order.slice(0, 2).toSorted()).toEqual(['undo:items@a', 'undo:items@b']);
  expect(order.slice(2)).toEqual(['undo:after', 'undo:g/two', 'undo:g/one']);
  expect(rig.document().status).toBe('compensated');
});

test.each([
  [{ compensate: 'undo it' }, '/nodes/0/compensate'],
  [{ compensate: { kind: 'wait', for_s: 1 } }, '/nodes/0/compensate/kind'],
  [{ compensate: { kind: 'agent' } }, '/nodes/0/compensate/task'],
  [{ compensate: { kind: 'agent', task: 'x', needs: ['b'] } }, '/nodes/0/compensate/needs'],
] as const)('%j is a fault at %s', (more, at) => {
  const report = checkGraph({ name: 'x', nodes: [work('a', [], more)] }, nodeKinds);
  expect(report.errors.map((fault) => fault.at)).toContain(at);
});
