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

const trip = {
  name: 'trip',
  on_failure: 'compensate',
  nodes: [
    { id: 'flight', kind: 'agent', task: 'Book a flight.', compensate: { kind: 'agent', task: 'Cancel the flight.' } },
    {
      id: 'hotel',
      kind: 'agent',
      task: 'Book a hotel.',
      needs: ['flight'],
      compensate: { kind: 'command', command: ['node', '-p', '"cancelled " + process.argv[1]', { $from: '$.output.id' }] },
    },
    { id: 'car', kind: 'agent', task: 'Rent a car.', needs: ['hotel'] },
  ],
};

/** A run that fails at its last step undoes what it had done, what came last first. */
export async function undoing(server) {
  step('A run fails at its last step, and undoes what it had done');
  const { hash } = await server.call('graph_check', trip);
  const { run } = await server.call('run_start', { graph: hash });
  await work(server, run, { id: 'F1' });
  await work(server, run, { id: 'H2' });
  const { claim } = await server.call('run_claim', { run });
  const failed = await server.call('run_report', { claim, status: 'failed', error_kind: 'terminal', summary: 'no cars' });
  expect(failed.run_status === 'compensating', `the run is ${failed.run_status}`);
  const undo = await work(server, run, 'cancelled');
  expect(undo.undoes === 'flight', `the hotel was cancelled first, by a server; then ${undo.undoes} ${undo.result.id}`);
  const { status } = await server.call('run_status', { run });
  expect(status === 'compensated', `the run is ${status}`);
}
