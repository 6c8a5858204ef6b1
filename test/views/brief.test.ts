// The brief: what an agent needs to do a node without other context, packed into the tokens that it takes.

import { expect, test } from 'vitest';
import { readerOfBlobs } from '../../src/domain/run/given.ts';
import { checkGraph } from '../../src/graph/check/check.ts';
import { nodeKinds } from '../../src/graph/kinds/index.ts';
import { selectPointers } from '../../src/path/query.ts';
import { briefOf } from '../../src/views/run/brief.ts';
import { okOf, RunRig, work } from '../run-rig.ts';

const more = {
  acceptance: ['npm test passes', 'the changelog has a line'],
  allowed_paths: ['src/api/**', 'CHANGELOG.md'],
  output_schema: { type: 'object', required: ['files'] },
};

function packed(rig: RunRig, id: string, maxTokens: number) {
  const tree = rig.tree();
  const place = tree.place(id);
  if (place === undefined) throw new Error(`no node ${id}`);
  return briefOf(tree, place, readerOfBlobs(rig.documents.blobs, selectPointers), maxTokens);
}

test('an agent is told when its work counts as done, what it may change, and the shape of the result', async () => {
  const rig = new RunRig([work('a', [], more)]);
  await rig.start();
  expect(rig.brief('a')).toMatchObject({ goal: 'do a', ...more });
});

test.each([
  [{ acceptance: [' '] }, '/nodes/0/acceptance/0', 'the text is empty'],
  [{ allowed_paths: ['src', '../other'] }, '/nodes/0/allowed_paths/1', '"../other" leaves the workspace'],
  [{ output_schema: 'object' }, '/nodes/0/output_schema', 'the schema is no object'],
])('%j is a fault', (wrong, at, message) => {
  const { errors } = checkGraph({ name: 'x', nodes: [work('a', [], wrong)] }, nodeKinds);
  expect(errors).toMatchObject([{ code: 'bad-value', at, message }]);
});

test('why every earlier try failed is told, also of claims that were lost', async () => {
  const retry = { max_attempts: 4, backoff_s: 0 };
  const rig = new RunRig([work('a', [], { retry, timeouts: { lease_s: 60 } })]);
  await rig.start();
  for (const summary of ['tests are red', 'no network', 'types do not fit']) {
    const claim = await rig.claimed();
    okOf(await rig.report(claim, 'failed', { summary }));
  }
  await rig.claimed();
  rig.clock.now += 3_600_000;
  await rig.claimed({ agent: 'ses-one.two' });
  expect(rig.brief('a')).toMatchObject({
    attempt: 4,
    last_error: { kind: 'retryable', message: 'types do not fit' },
    earlier: [
      'try 1 failed (retryable): tests are red',
      'try 2 failed (retryable): no network',
      'lost: claimed at 2001-09-09T01:46:40.000Z, and never reported',
    ],
  });
});

test('the work itself is never cut; what else has no room says its size, and the call that shows it', async () => {
  const rig = new RunRig([work('a'), work('b', ['a'], { ...more, task: 'x'.repeat(1_000) })]);
  await rig.start({ inputs: { notes: 'n'.repeat(3_000), depth: 2 } });
  okOf(await rig.report(await rig.claimed(), 'done', { output: 'y'.repeat(900) }));
  const whole = packed(rig, 'b', 4_000);
  expect(whole).toMatchObject({ inputs: { a: 'y'.repeat(900) }, run_inputs: { depth: 2 } });
  const small = packed(rig, 'b', 400);
  expect(small).toMatchObject({ goal: 'x'.repeat(1_000), acceptance: more.acceptance });
  expect(small).toMatchObject({
    inputs: { a: { cut: true, characters: 902, all: `run_status {"run": "${rig.run}", "node": "a"}` } },
    run_inputs: {
      cut: true,
      characters: JSON.stringify(rig.document().inputs).length,
      all: expect.stringContaining('"max_tokens": 4000'),
    },
  });
  expect(JSON.stringify(small).length).toBeLessThan(2_300);
  expect(JSON.stringify(small).length).toBeLessThan(JSON.stringify(whole).length);
});
