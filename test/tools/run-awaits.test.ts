// What a run awaits, as clients meet it: times that come while nobody calls, questions and their answers.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

let ann: Server;
let bob: Server;
beforeAll(async () => {
  const dir = freshDir();
  ann = await Server.start({ dir });
  bob = await Server.start({ dir });
});
afterAll(async () => {
  await ann.close();
  await bob.close();
});

async function begin(nodes: Answer[]): Promise<string> {
  const report = await ann.call('graph_check', { nodes });
  expect(report).toMatchObject({ ok: true });
  return String((await ann.call('run_start', { graph: report['hash'] }))['run']);
}

test('a wait ends at its time although nobody calls, and the run with it', async () => {
  const run = await begin([{ id: 'cool', kind: 'wait', for_s: 0.4 }]);
  expect(await ann.call('run_status', { run })).toMatchObject({ status: 'running', counts: { awaiting: 1 } });
  expect(await ann.call('run_status', { run, wait_s: 10 })).toMatchObject({ status: 'finished' });
});

test('a question stands in every list until another window answers it by its id', async () => {
  const nodes = [
    { id: 'build', kind: 'agent', task: 'Build it.' },
    { id: 'ok', kind: 'approval', ask: 'Ship it?', needs: ['build'] },
    { id: 'ship', kind: 'agent', task: 'Ship it.', needs: ['ok'] },
  ];
  const run = await begin(nodes);
  const { claim } = await ann.call('run_claim', { run });
  await ann.call('run_report', { claim, status: 'done', output: { tag: 'v1' } });
  const { questions } = await bob.call('run_status', {});
  expect(questions).toMatchObject([{ run, node: 'ok', ask: 'Ship it?', options: ['approve', 'reject'] }]);
  const [{ question } = { question: '' }] = questions as Answer[];
  expect(await bob.call('session_start', {})).toMatchObject({ open: { questions: 1 } });
  const own = await ann.fail('run_control', { run, action: 'answer', question, option: 'approve' });
  expect(own.text).toContain('you did build');
  const answered = await bob.call('run_control', {
    run,
    action: 'answer',
    question,
    option: 'approve',
    reason: 'green',
  });
  expect(answered).toMatchObject({ node: 'ok', node_status: 'finished', newly_ready: ['ship'] });
  expect(await ann.call('run_status', { run })).not.toHaveProperty('questions');
  expect((await ann.call('run_status', { run, node: 'ok' }))['detail']).toMatchObject({
    output: { option: 'approve', reason: 'green' },
    question: { answers: [{ option: 'approve', grade: 'claimed' }] },
  });
});
