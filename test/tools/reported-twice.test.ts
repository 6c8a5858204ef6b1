// run_report of what was reported before: the answer says what became of it.

import { expect, test } from 'vitest';
import { TeamRig } from '../team-rig.ts';

test('a repeat says since when, another output that the first counts, and a cancelled run why to stop', async () => {
  const window = await new TeamRig().window('one');
  const { hash } = await window.call('graph_check', {
    nodes: ['a', 'b'].map((id) => ({ id, kind: 'agent', task: 'x' })),
  });
  const { run } = await window.call('run_start', { graph: hash });
  const { claim } = await window.call('run_claim', { run });
  const done = { claim, status: 'done', output: 1 };
  expect(await window.call('run_report', done)).not.toHaveProperty('note');
  const since = /^this was recorded already at \d{4}-[^ ]+Z, and nothing was changed$/;
  expect(await window.call('run_report', done)).toMatchObject({
    status: 'finished',
    note: expect.stringMatching(since),
  });
  const other = await window.call('run_report', { ...done, output: 2 });
  expect(other.note).toContain('the first output counts, and this one is not kept');
  const held = await window.call('run_claim', { run });
  await window.call('run_control', { run, action: 'cancel', reason: 'not wanted' });
  const stopped = await window.call('run_report', { claim: held.claim, status: 'progress' });
  expect(stopped).toMatchObject({ cancel_requested: true, note: 'the run is cancelled: not wanted' });
});
