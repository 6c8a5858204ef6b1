// Definitions read within a command: the command uses the one that the run's document names at that moment, and a
// definition that is gone is reported as damage.

import { expect, test } from 'vitest';
import { ReadyIndex } from '../../../src/app/ready-index.ts';
import { controlRun } from '../../../src/domain/run/control.ts';
import type { RunDocument } from '../../../src/domain/run/document.ts';
import { reapExpired } from '../../../src/domain/run/sweep.ts';
import type { AnyNode } from '../../../src/graph/kinds/index.ts';
import { failureOf, okOf, RunRig, work } from '../../run-rig.ts';

/** Gives the run another definition, as a patch of it would. */
async function repin(rig: RunRig, nodes: AnyNode[]): Promise<void> {
  const { hash } = rig.graphs.put({ name: 'test', nodes });
  await name(rig, hash);
}

function name(rig: RunRig, hash: string) {
  return rig.do((tx) => {
    tx.edit<RunDocument>(`run/${rig.run}`, { type: 'run.resumed' }, (draft) => {
      draft.graph = hash;
    });
    return { ok: true, value: undefined };
  });
}

test('given another definition since the claim, then every command goes by the new one', async () => {
  const rig = new RunRig([work('a'), work('b', ['a'])]);
  await rig.start();
  const claim = await rig.claimed();
  await repin(rig, [work('a'), work('b', ['a']), work('c', ['a'])]);
  expect(okOf(await rig.report(claim, 'done'))).toMatchObject({ newly_ready: ['b', 'c'], run_status: 'running' });
  await rig.claimed({ node: 'c' });
  const skip = { run: rig.run, action: 'skip_node' as const, node: 'b' };
  expect(okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, skip)))).toMatchObject({ node_status: 'skipped' });
  expect(okOf(await rig.do((tx, ctx) => reapExpired(tx, ctx, { run: rig.run })))).toBe(false);
});

test('the ready index of a run that has another definition begins anew', async () => {
  const rig = new RunRig([work('a'), work('b')]);
  await rig.start();
  const { hint } = new ReadyIndex(rig.documents, { worthNodes: 1 });
  await rig.claimed({ hint });
  await repin(rig, [work('c'), work('a'), work('b')]);
  const { claim } = okOf(await rig.claim({ hint, agent: 'ses-one.two' })) as { claim: string };
  expect(claim).toContain('.c.');
});

test('a definition that is gone is damage, whatever was asked, and nothing is written', async () => {
  const rig = new RunRig([work('a'), work('b', ['a'])]);
  await rig.start();
  const claim = await rig.claimed();
  await name(rig, 'f'.repeat(64));
  const before = rig.documents.store.seq();
  const damaged = { code: 'store-damaged', file: `blobs/${'f'.repeat(64)}` };
  expect(failureOf(await rig.claim({ agent: 'ses-one.two' }))).toMatchObject(damaged);
  expect(failureOf(await rig.report(claim, 'done'))).toMatchObject(damaged);
  const skip = { run: rig.run, action: 'skip_node' as const, node: 'b' };
  expect(failureOf(await rig.do((tx, ctx) => controlRun(tx, ctx, skip)))).toMatchObject(damaged);
  expect(rig.documents.store.seq()).toBe(before);
});
