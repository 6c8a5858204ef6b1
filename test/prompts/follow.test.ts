// Follows prompts like an agent: makes the calls of each text in order, with ids from earlier answers. No call may be
// refused, except those that the text makes only in another case.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

const dir = freshDir();
let server: Server;
let other: Server;
/** What angle brackets stand for, from the answers so far. */
const known = new Map<string, unknown>();

beforeAll(async () => {
  const start = (name: string) => Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: name, BATON_TOOLSETS: 'all' } });
  [server, other] = [await start('one'), await start('two')];
  const { session } = await other.call('session_start', { name: 'other' });
  known.set('the session', session);
});
afterAll(async () => {
  await server.close();
  await other.close();
});

interface Step {
  tool: string;
  args: Answer;
}

async function stepsOf(name: string, args: Record<string, string> = {}): Promise<Step[]> {
  const { messages } = await server.client.getPrompt({ name, arguments: args });
  const [message] = messages;
  const text = message?.content.type === 'text' ? message.content.text : '';
  return text.split('\n').flatMap((line) => {
    const [, tool = '', given = ''] = /^\s+([a-z]+_[a-z]+) (\{.*\})$/.exec(line) ?? [];
    return tool === '' ? [] : [{ tool, args: JSON.parse(given) as Answer }];
  });
}

/** Names in angle brackets that mean an id; other brackets stand for words of one's own. */
function filled(value: unknown): unknown {
  if (typeof value === 'string') return known.get(/^<(.*)>$/.exec(value)?.[1] ?? '') ?? value;
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item)]));
}

function note({ tool }: Step, answer: Answer): void {
  const names: Record<string, string> = { run: 'the run', claim: 'the claim', handoff: 'the handoff' };
  for (const [key, name] of Object.entries(names)) if (answer[key] !== undefined) known.set(name, answer[key]);
  if (answer.claim !== undefined) known.set('your claim', answer.claim);
  if (tool !== 'plan_save') return;
  if (answer.sprint !== undefined) known.set('the sprint', answer.sprint);
  const [first, second] = Object.values(answer.ids as Record<string, string>);
  known.set('the task', first);
  known.set('another task', second);
}

/** Does it all; answers the calls made, and those that were refused with their codes. */
async function follow(name: string, args: Record<string, string> = {}) {
  const calls: string[] = [];
  const refused: string[] = [];
  for (const step of await stepsOf(name, args)) {
    const given = filled(step.args) as Answer;
    // Nobody else is at work here: there is nothing to wait for.
    if (given.wait_s !== undefined) given.wait_s = 0;
    const result = await server.client.callTool({ name: step.tool, arguments: given });
    calls.push(step.tool);
    if (result.isError === true) {
      const { code } = (result._meta as { 'baton/failure': { code: string } })['baton/failure'];
      refused.push(`${step.tool} ${code}`);
    } else note(step, result.structuredContent as Answer);
  }
  return { calls, refused };
}

test('from the first call to a sprint that is planned, executed, reviewed and closed', async () => {
  expect(await follow('start_session', { mode: 'sprint' })).toEqual({
    calls: ['session_start', 'session_recover', 'message_read', 'session_start', 'dashboard_get'],
    // There was no offer to take.
    refused: ['session_start unknown-handoff'],
  });
  expect(await follow('generate_tasks', { source: 'a backlog' })).toMatchObject({ refused: [] });
  const backlog = known.get('the task');
  const planned = await follow('sprint_plan', { goal: 'People log in', capacity: '8' });
  expect(planned.refused).toEqual([]);
  expect(planned.calls.slice(-3)).toEqual(['plan_save', 'task_save', 'sprint_save']);
  const sprint = String(known.get('the sprint'));
  const board = await server.call('sprint_board', {});
  expect(board.sprint).toMatchObject({ id: sprint, status: 'active', capacity: 8, tasks: 2 });
  expect(backlog).toBeDefined();

  const executed = await follow('execute_plan', {});
  expect(executed.calls.slice(0, 4)).toEqual(['session_update', 'run_start', 'run_start', 'run_claim']);
  expect(executed.refused).toEqual([]);
  const run = String(known.get('the run'));
  expect(await server.call('sprint_board', {})).toMatchObject({
    sprint: { run },
    columns: [{}, {}, {}, {}, { count: 1 }, {}],
  });
  // Started again, it is said which run to go on with.
  expect((await follow('execute_plan', {})).refused.slice(0, 2)).toEqual([
    'run_start not-allowed',
    'run_start not-allowed',
  ]);

  known.set('the task', (await server.call('task_save', { title: 'reviewed', sprint, status: 'review' })).id);
  expect(await follow('review', { what: String(known.get('the task')) })).toMatchObject({ refused: [] });
  await other.call('decision_open', { title: 'Go on?', options: ['the option', 'no'] });
  const { decisions } = await server.call('decision_vote');
  known.set('the decision', (decisions as Answer[])[0]?.decision);
  known.set('the option', 'no');
  const { message } = await other.call('message_send', { to: 'all', text: 'hello' });
  known.set('the message', message);
  expect(await follow('team_sync')).toMatchObject({ refused: [] });
  expect(await follow('sprint_board', { sprint })).toMatchObject({ refused: [] });

  known.set('another task', (await server.call('task_save', { title: 'open', sprint })).id);
  known.set('the task', (await server.call('task_save', { title: 'dropped', sprint })).id);
  // Its run is over by now.
  expect(await follow('sprint_close', { sprint, carry_to: 'backlog' })).toMatchObject({
    refused: ['run_control illegal-transition'],
  });
  expect(await server.call('plan_list', { kind: 'sprint', text: sprint })).toMatchObject({
    rows: [{ status: 'completed' }],
  });
});

test('the others: a screen, a look back, several agents, an incident, and the end', async () => {
  expect(await follow('dashboard', { view: 'team' })).toMatchObject({ calls: ['dashboard_get'], refused: [] });
  const { seq } = await server.call('state_set', { path: '$.kept', value: 1 });
  await server.call('state_set', { path: '$.kept', value: 2 });
  known.set('the seq', seq);
  expect(await follow('debug_state', { path: '$.kept' })).toMatchObject({ refused: [] });
  expect(await server.call('state_get', { path: '$.kept' })).toMatchObject({ value: 1 });
  expect(await follow('debug_events', { stream: 'task/' })).toMatchObject({ refused: [] });
  expect(await follow('debug_profile')).toMatchObject({ refused: [] });
  expect(await follow('help')).toMatchObject({ refused: [] });

  const nodes = ['a', 'b'].map((id) => ({ id, kind: 'agent', task: `do ${id}` }));
  await server.call('graph_check', { nodes, save_as: 'release' });
  const parallel = await follow('execute_parallel', { run: 'release', agents: '2' });
  expect(parallel).toMatchObject({ refused: [] });
  expect(parallel.calls.slice(0, 3)).toEqual(['run_start', 'run_status', 'run_claim']);

  const incident = await follow('incident', { what: 'it burns', run: String(known.get('the run')) });
  expect(incident).toMatchObject({ refused: [] });
  await server.call('session_start', { resume: 'new' });
  const handoff = await follow('handoff', { why: 'it is late' });
  expect(handoff.refused).toEqual([]);
  expect(handoff.calls.at(-1)).toBe('session_handoff');
});
