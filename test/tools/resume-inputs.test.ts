// run_start {resume_from}: with which inputs the new run begins.

import { expect, test } from 'vitest';
import { TeamRig, type Window } from '../team-rig.ts';

async function failedRun(inputs?: object): Promise<{ window: Window; earlier: unknown }> {
  const window = await new TeamRig().window('one');
  const nodes = ['a', 'b'].map((id) => ({ id, kind: 'agent', task: 'x', needs: id === 'b' ? ['a'] : [] }));
  await window.call('graph_check', { nodes, save_as: 'two' });
  const { run } = await window.call('run_start', { graph: 'two', ...(inputs && { inputs }) });
  for (const status of ['done', 'failed']) {
    const { claim } = await window.call('run_claim', { run });
    await window.call('run_report', { claim, status });
  }
  return { window, earlier: run };
}

test('given none, then those of the earlier run, and the answer says so', async () => {
  const { window, earlier } = await failedRun({ host: 'db1' });
  const resumed = { graph: 'two', resume_from: earlier };
  const told = { reused: ['a'], ready: ['b'], note: `with the inputs of ${earlier}; inputs: {} gives none` };
  expect(await window.call('run_start', { ...resumed, dry_run: true })).toMatchObject(told);
  const { run } = await window.call('run_start', resumed);
  expect(await window.call('run_claim', { run })).toMatchObject({ node: 'b', run_inputs: { host: 'db1' } });
});

test('given some, or an empty object, then these; nothing is said where the earlier run had none', async () => {
  const { window, earlier } = await failedRun({ host: 'db1' });
  for (const inputs of [{ host: 'db2' }, {}]) {
    const started = await window.call('run_start', { graph: 'two', resume_from: earlier, inputs });
    expect(started).toMatchObject({ reused: [], rerun: ['a'] });
    expect(started).not.toHaveProperty('note');
  }
  const plain = await failedRun();
  const started = await plain.window.call('run_start', { graph: 'two', resume_from: plain.earlier });
  expect(started).toMatchObject({ reused: ['a'] });
  expect(started).not.toHaveProperty('note');
});
