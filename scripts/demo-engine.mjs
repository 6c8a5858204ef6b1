// The part of the demo about what a run does by itself: a map, a question that is first rejected, a wait. Used by
// demo.mjs.

import { detail, expect, step } from './demo-show.mjs';

const graph = {
  name: 'release notes',
  nodes: [
    { id: 'list', kind: 'agent', task: 'List the files to measure; output them as a list.' },
    {
      id: 'size',
      kind: 'command',
      command: ['node', '-p', 'require("fs").statSync(process.argv[1]).size', { $from: '$.item' }],
      needs: ['list'],
      map: { over: '$.needs.list.output', max_parallel: 2 },
    },
    { id: 'notes', kind: 'agent', task: 'Write the notes.', needs: ['size'] },
    { id: 'ok', kind: 'approval', ask: 'Publish these notes?', needs: ['notes'], on_reject: ['notes'] },
    { id: 'cool', kind: 'wait', for_s: 0.5, needs: ['ok'] },
    { id: 'publish', kind: 'agent', task: 'Publish the notes.', needs: ['cool'], effect: 'once' },
  ],
};

/** One agent's work on the next node that it is given. */
async function work(server, run, output) {
  const claim = await server.call('run_claim', { run, wait_s: 20 });
  if (claim.claim === undefined) throw new Error(`nothing to claim: ${claim.why}`);
  const told = await server.call('run_report', { claim: claim.claim, status: 'done', output });
  detail(`${claim.node.padEnd(10)} ${told.status}`);
  return claim;
}

async function openQuestion(server) {
  const { questions = [] } = await server.call('run_status', {});
  return questions[0];
}

/** Runs the graph with `author` as the agent that writes and `other` as the window that answers. */
export async function engine(author, other) {
  step('A map runs one command for each file, and a question is rejected before it is approved');
  const checked = await author.call('graph_check', graph);
  expect(checked.ok, `the graph is sound: ${checked.nodes} nodes`);
  const { run } = await author.call('run_start', { graph: checked.hash });
  await work(author, run, ['package.json', 'README.md', 'LICENSE']);
  const first = await work(author, run, 'a first draft');
  const sizes = first.inputs.size.map(({ key, output }) => `${key} ${output.stdout.trim()}`);
  expect(sizes.length === 3, `measured by servers, in the order of the list: ${sizes.join(', ')}`);

  const asked = await openQuestion(other);
  const own = { run, action: 'answer', question: asked.question, option: 'approve' };
  const refused = await author.call('run_control', own).then(() => false, (error) => /you did notes/.test(error.message));
  expect(refused, 'its author may not approve it');
  await other.call('run_control', { run, action: 'answer', question: asked.question, option: 'reject', reason: 'too short' });
  await work(author, run, 'a longer draft');
  const again = await openQuestion(other);
  expect(again.question !== asked.question, `asked anew as ${again.question}; an answer to ${asked.question} has no effect`);
  await other.call('run_control', { run, action: 'answer', question: again.question, option: 'approve' });
  await work(author, run, 'published');
  const { status } = await author.call('run_status', { run, wait_s: 10 });
  expect(status === 'finished', `the run is ${status}`);
}
