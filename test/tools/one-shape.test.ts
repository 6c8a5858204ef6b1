// One shape everywhere: a batch is one event of a type of its own; times in answers are ISO 8601 texts, and ids of
// plans are as people see them.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tools } from '../../src/tools/index.ts';
import { type Answer, TeamRig } from '../team-rig.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

test('a batch has an event of its own type, whatever its operations are', async () => {
  const window = await new TeamRig().window('one');
  const operations = [
    { op: 'set', path: '$.a', value: 1 },
    { op: 'merge', path: '$.b', value: { c: 1 } },
    { op: 'delete', path: '$.a' },
  ];
  await window.call('state_batch', { operations });
  const { recent } = (await window.call('session_recover')).brief as Answer;
  expect((recent as Answer[]).map(({ type }) => type)).toContain('state.batched');
  expect(JSON.stringify(recent)).not.toMatch(/state\.(set|merged|deleted)/);
});

const PROCESS_VIEWS = ['config', 'metrics', 'cache', 'health'];

/** Calls that bring about most of what tools tell: a sprint's run with claims, one of them lost, mail, locks, votes. */
const story: [tool: string, args: Answer][] = [
  ['session_update', { agent: { name: 'beta', tier: 'worker' } }],
  ['state_set', { path: '$.a', value: 1 }],
  ['state_batch', { operations: [{ op: 'set', path: '$.b', value: 2 }] }],
  [
    'plan_save',
    {
      epic: { title: 'E' },
      sprint: { title: 'S', status: 'active', starts_at: '2026-01-01', ends_at: '2099-01-01' },
      tasks: [
        { key: 'a', title: 'A' },
        { key: 'b', title: 'B', needs: ['a'] },
      ],
    },
  ],
  ['session_update', { sprint: 'SPR-1' }],
  ['run_start', { sprint: 'SPR-1', dry_run: true }],
  ['run_start', { sprint: 'SPR-1' }],
  ['run_claim', {}],
  ['message_send', { to: 'all', text: 'hello' }],
  ['message_send', { to: 'channel:dev', text: 'hello' }],
  ['message_read', { join: 'dev' }],
  ['lock_acquire', { lock: 'build', deadline_s: 600 }],
  ['lock_acquire', { kind: 'file', paths: ['src/**'] }],
  ['decision_open', { title: 'which', options: ['one', 'two'] }],
  ['registry_save', { kind: 'agent', id: 'boss' }],
  ['graph_check', { nodes: [{ id: 'a', kind: 'agent', task: 'x' }], save_as: 'release' }],
  ['session_handoff', { summary: 'all yours' }],
  ['session_heartbeat', {}],
  ['state_restore', { to: 9, dry_run: true }],
  ['state_history', {}],
  ['session_recover', {}],
  ['session_list', {}],
  ['session_cleanup', { dry_run: true }],
  ['project_get', {}],
  ['decision_vote', {}],
  ['message_read', {}],
  ['events_query', {}],
  ['sprint_board', {}],
  ['run_status', {}],
  ['state_get', {}],
  ['state_get', { path: '$.session' }],
  ['state_get', { path: '$.communication' }],
  ['state_get', { path: '$.observability' }],
  ['state_get', { path: '$.organization' }],
  ['session_start', {}],
];
const reading: [tool: string, args: Answer[]][] = [
  ['plan_list', ['task', 'sprint', 'epic', 'agent', 'graph'].flatMap((kind) => [{ kind }, { kind, detail: 'full' }])],
  ['dashboard_get', views().flatMap((view) => [{ view }, { view, detail: 'full' }])],
];

/** All views but those that tell of a real process. */
function views(): string[] {
  const view = tools.find(({ name }) => name === 'dashboard_get')?.input.shape.view as {
    unwrap(): { options: string[] };
  };
  return view.unwrap().options.filter((name) => !PROCESS_VIEWS.includes(name));
}

/** Every scalar of an answer with its place. */
function* leaves(value: unknown, at = ''): Generator<[at: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) yield [at, value];
  else for (const [key, part] of Object.entries(value)) yield* leaves(part, `${at}.${key}`);
}

/** What answers a window gives in the story, by call. */
async function told(): Promise<[call: string, answer: Answer][]> {
  const window = await new TeamRig().window('one');
  const answers: [string, Answer][] = [];
  const call = async (tool: string, args: Answer) => {
    const answer = await window.call(tool, args);
    answers.push([`${tool} ${JSON.stringify(args)}`, answer]);
    return answer;
  };
  for (const [tool, args] of story) await call(tool, args);
  for (const [tool, list] of reading) for (const args of list) await call(tool, args);
  await lostClaim(call);
  return answers;
}

/** A claim whose lease ended, after which another took the node, and whose result comes late. */
async function lostClaim(call: (tool: string, args: Answer) => Promise<Answer>): Promise<void> {
  const { run } = await call('run_start', { graph: 'release' });
  const { claim } = await call('run_claim', { run });
  await call('run_report', { claim, status: 'progress', percent: 50 });
  vi.setSystemTime(Date.now() + 86_400_000);
  const second = await call('run_claim', { run, agent: 'other' });
  await call('run_report', { claim, status: 'done', output: 'late' });
  const { lost, late } = (await call('run_status', { run, node: 'a' })).detail as Answer;
  expect([lost, late]).toEqual([[expect.anything()], expect.anything()]);
  await call('run_report', { claim: second.claim, status: 'done', output: 'x' });
  await call('run_status', { run, node: 'a' });
}

test('no answer tells a time as milliseconds', async () => {
  const found = (await told()).flatMap(([call, answer]) =>
    [...leaves(answer)].flatMap(([at, value]) =>
      typeof value === 'number' && value > 1.5e12 && value < 3e12 ? [`${call}: ${at} = ${value}`] : [],
    ),
  );
  expect(found).toEqual([]);
});

test('no answer tells the id of a sprint or an epic in small letters', async () => {
  const found = (await told()).flatMap(([call, answer]) =>
    [...leaves(answer)].flatMap(([at, value]) =>
      typeof value === 'string' && /^(spr|epc)-\d+$/.test(value) ? [`${call}: ${at} = ${value}`] : [],
    ),
  );
  expect(found).toEqual([]);
});

test('a dry run tells no id and no seq that exist nowhere', async () => {
  const rig = new TeamRig();
  const window = await rig.window('one');
  await window.call('graph_check', { nodes: [{ id: 'a', kind: 'agent', task: 'x' }], save_as: 'release' });
  await window.call('plan_save', { sprint: { title: 'S', status: 'active' }, tasks: [{ key: 'a', title: 'A' }] });
  const { seq } = await window.call('state_set', { path: '$.a', value: 1 });
  const dry: [tool: string, args: Answer][] = [
    ['run_start', { graph: 'release' }],
    ['run_start', { sprint: 'SPR-1' }],
    ['state_batch', { operations: [{ op: 'set', path: '$.b', value: 2 }] }],
    ['state_restore', { to: Number(seq) - 1 }],
    ['project_save', { config: { teams: { core: { members: ['beta'] } } } }],
    ['session_cleanup', {}],
  ];
  const lines = rig.lines;
  const log = rig.log.lines.map(String).join('\n');
  for (const [tool, args] of dry) {
    const answer = await window.call(tool, { ...args, dry_run: true });
    for (const [at, value] of leaves(answer)) {
      if (at === '.seq') expect(value, tool).toBeLessThanOrEqual(Number(seq));
      for (const [id] of String(value).matchAll(/\b[a-z]{3}-(\d{8}|\d+)\b/gi))
        expect(log, `${tool}: ${at}`).toContain(id.toLowerCase());
    }
  }
  expect(rig.lines).toBe(lines);
});
