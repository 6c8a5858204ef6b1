// What a new run takes over from an earlier one, scopes included, and what it says of the rest.

import { expect, test } from 'vitest';
import { saveGraph } from '../../../src/domain/run/start.ts';
import type { AnyNode } from '../../../src/graph/kinds/index.ts';
import type { JsonObject } from '../../../src/json/json.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

async function end(rig: RunRig, node: string, output: JsonObject | 'failed' = {}): Promise<void> {
  const claim = await rig.claimed({ node });
  const more = output === 'failed' ? { errorKind: 'terminal' as const } : { output };
  okOf(await rig.report(claim, output === 'failed' ? 'failed' : 'done', more));
}

/** Resumes with other nodes: a second rig on the same documents. */
async function resumed(rig: RunRig, nodes: AnyNode[], more: object = {}) {
  const next = new RunRig(nodes, {}, rig.documents);
  const answer = await next.start({ resumeFrom: rig.run, ...more });
  return { next, answer };
}

async function begun(nodes: AnyNode[], inner: Record<string, AnyNode[]> = {}): Promise<RunRig> {
  const rig = new RunRig(nodes, { on_failure: 'continue' });
  for (const [name, of] of Object.entries(inner)) await save(rig, name, of);
  await rig.start();
  return rig;
}

async function save(rig: RunRig, name: string, nodes: AnyNode[]): Promise<void> {
  const { hash } = rig.graphs.put({ name, nodes });
  okOf(await rig.do((tx, ctx) => saveGraph(tx, ctx, { name, hash })));
}

const deploy: AnyNode = { id: 'deploy', kind: 'graph', graph: 'release', needs: ['build'] };
const tell = work('tell', ['deploy']);

test('a sub-graph that finished is taken over whole, with its output', async () => {
  const nodes = [work('build'), deploy, tell];
  const rig = await begun(nodes, { release: [work('push')] });
  await end(rig, 'build');
  await end(rig, 'deploy/push', { tag: 'v1' });
  await end(rig, 'tell', 'failed');
  const { next, answer } = await resumed(rig, nodes);
  expect(answer).toMatchObject({ reused: ['build', 'deploy', 'deploy/push'], ready: ['tell'] });
  expect(next.brief('tell')).toMatchObject({ inputs: { deploy: { push: { tag: 'v1' } } } });
  await end(next, 'tell');
  expect(next.document()).toMatchObject({ status: 'finished', counters: { finished: 4 } });
});

test('a sub-graph whose definition has changed since runs again, and says so', async () => {
  const nodes = [work('build'), deploy, tell];
  const rig = await begun(nodes, { release: [work('push')] });
  await end(rig, 'build');
  await end(rig, 'deploy/push');
  await save(rig, 'release', [work('push', [], { task: 'push it better' })]);
  const { answer } = await resumed(rig, nodes);
  expect(answer.reused).toEqual(['build']);
  expect(answer.why).toContainEqual({ node: 'deploy', reason: expect.stringContaining('the graph that it names') });
});

test('what finished inside a scope that failed is taken over when the scope opens, items by their keys', async () => {
  const map = { over: '$.needs.list.output.files', partial: 'all' };
  const nodes = [work('list'), work('test', ['list'], { map }), work('sum', ['test'])];
  const rig = await begun(nodes);
  await end(rig, 'list', { files: ['a', 'b', 'c'] });
  await end(rig, 'test@a', { ok: 1 });
  await end(rig, 'test@b', 'failed');
  const { next, answer } = await resumed(rig, nodes);
  expect(answer.reused).toEqual(['list']);
  expect(next.picture()).toContain('test@a finished 1/1');
  expect(next.document().scopes?.['test@']?.counters).toMatchObject({ finished: 1 });
  await end(next, 'test@b');
  await end(next, 'test@c');
  await end(next, 'sum');
  expect(next.document().status).toBe('finished');
});

test('a skip is kept if it follows again, and what lies behind it is kept with it', async () => {
  const when = '@.needs.test.output.ship == true';
  const nodes = [
    work('test'),
    work('ship', ['test'], { when }),
    work('report', ['test', 'ship'], { trigger: 'all_done' }),
    work('last', ['report']),
  ];
  const rig = await begun(nodes);
  await end(rig, 'test', { ship: false });
  await end(rig, 'report');
  await end(rig, 'last', 'failed');
  const { next, answer } = await resumed(rig, nodes);
  expect(answer).toMatchObject({ reused: ['test', 'report'], ready: ['last'] });
  expect(next.node('ship')).toMatchObject({ status: 'skipped', why: 'condition' });
});

test('a node that would not start again over what is kept runs, and so do nodes that somebody names', async () => {
  const nodes = [work('a'), work('b', ['a'], { trigger: 'any_failed', handles: true }), work('c')];
  const rig = await begun(nodes);
  await end(rig, 'a', 'failed');
  await end(rig, 'b');
  await end(rig, 'c');
  const { answer } = await resumed(rig, nodes, { rerun: ['c'] });
  expect(answer.reused).toEqual([]);
  expect(answer.rerun.toSorted()).toEqual(['b', 'c']);
  expect(answer.why).toContainEqual({ node: 'b', reason: '"a", which it needs, runs again' });
  expect(answer.why).toContainEqual({ node: 'c', reason: 'it was asked to run again' });
});
