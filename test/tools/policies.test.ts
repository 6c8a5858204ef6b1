// Policies before every call of a tool: denied calls say which one and change nothing; asked ones pass when another
// session or a person has approved; a change counts at the next call of every process; nobody is locked out for good.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SessionBinding } from '../../src/app/session-binding.ts';
import type { DecisionDocument } from '../../src/domain/team/decision.ts';
import { workspace } from '../rig.ts';
import { TeamRig, Window } from '../team-rig.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-05T10:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

async function given(policies: object[], names = ['one', 'two']): Promise<{ rig: TeamRig; windows: Window[] }> {
  const rig = new TeamRig();
  const windows: Window[] = [];
  for (const name of names) windows.push(await rig.window(name));
  await windows[0]?.call('project_save', { config: { policies } });
  return { rig, windows };
}

async function pair(policies: object[]): Promise<{ rig: TeamRig; one: Window; two: Window }> {
  const { rig, windows } = await given(policies);
  const [one, two] = windows;
  if (one === undefined || two === undefined) throw new Error('no windows');
  return { rig, one, two };
}

/** The command line of a person on the store of a window. */
function commandLine({ services }: Window): Window {
  const person = { user: 'ann', workspace, serves: false, person: true };
  const sessions = new SessionBinding(services.documents, person);
  return new Window({ ...services, role: 'cli', sessions });
}

describe('deny', () => {
  test('names the policy and its reason, says what to call, and changes nothing', async () => {
    const { rig, one, two } = await pair([
      {
        name: 'no-secrets',
        tool: 'state_*',
        decision: 'deny',
        when: { args: { path: '$.secrets*' } },
        reason: 'ask Kim',
      },
      { tool: 'session_cleanup', decision: 'deny' },
    ]);
    const before = rig.lines;
    expect(await two.fail('state_set', { path: 'secrets.key', value: 1 })).toMatchObject({
      code: 'not-allowed',
      what: 'Calling state_set',
      why: 'the policy "no-secrets" denies it: ask Kim',
      how: 'project_get shows the policies; project_save changes them: ask who set this one before you do',
    });
    expect(await one.fail('session_cleanup')).toMatchObject({ why: 'policy 2 of 2 (deny session_cleanup) denies it' });
    expect(rig.lines).toBe(before);
    await two.call('state_set', { path: 'other', value: 1 });
    await two.call('state_get', { path: '$.other' });
  });

  test.each<[string, object]>([
    ['state_set', { path: '$.secrets', value: 1 }],
    ['state_set', { path: "$['secrets'].key", value: 1 }],
    ['state_merge', { value: { ok: 1, secrets: { key: 9 } } }],
    ['state_batch', { operations: [{ op: 'set', path: '$.secrets.key', value: 1 }] }],
    ['state_batch', { operations: [{ op: 'merge', path: '$', value: { secrets: 9 } }], dry_run: true }],
    ['state_delete', { path: '$..key' }],
    ['state_delete', { path: '$.secrets' }],
    ['state_restore', { to: 0 }],
  ])('of a path holds for every place that is written: %s %j', async (tool, args) => {
    const policy = { name: 'no-secrets', tool: 'state_*', decision: 'deny', when: { args: { path: '$.secrets*' } } };
    const { rig, one } = await pair([]);
    await one.call('session_start');
    const { seq: before } = await one.call('state_set', { path: '$.a', value: 1 });
    await one.call('state_set', { path: '$.secrets', value: { key: 1, other: [{ key: 2 }] } });
    await one.call('project_save', { config: { policies: [policy] } });
    const lines = rig.lines;
    const given = 'to' in args ? { to: before } : args;
    const refused = await one.fail(tool, given);
    expect(refused).toMatchObject({ code: 'not-allowed', why: 'the policy "no-secrets" denies it' });
    expect(rig.lines).toBe(lines);
    // Beside it everything goes on.
    await one.call('state_batch', { operations: [{ op: 'set', path: '$.b', value: { key: 1 } }] });
    await one.call('state_delete', { path: '$.b.key' });
    expect((await one.call('state_get', { path: '$.a' })).value).toBe(1);
  });

  test('an earlier policy that allows a part of a path lets that part be written, and no more', async () => {
    const path = (pattern: string, decision: string) => ({
      tool: 'state_*',
      decision,
      when: { args: { path: pattern } },
    });
    const { one } = await pair([]);
    await one.call('state_set', { path: '$.secrets', value: {} });
    const policies = [path('$.secrets.public*', 'allow'), path('$.secrets*', 'deny')];
    await one.call('project_save', { config: { policies } });
    await one.call('state_set', { path: '$.secrets.public.name', value: 1 });
    await one.call('state_merge', { value: { secrets: { public: { site: 2 } }, other: 1 } });
    expect(await one.fail('state_merge', { value: { secrets: { public: { site: 3 }, key: 1 } } })).toMatchObject({
      what: 'Calling state_merge for $.secrets.key',
    });
    expect((await one.call('state_get', { path: '$.secrets.public' })).value).toEqual({ name: 1, site: 2 });
  });

  test('goes by the mode of the session, and by the tier and the name of the agent', async () => {
    const rig = new TeamRig();
    const lead = await rig.window('lead', { main: 'orchestrator', helper: 'worker' });
    const worker = await rig.window('worker');
    await lead.call('project_save', {
      config: {
        policies: [
          { tool: 'run_start', decision: 'deny', when: { tier: 'worker' } },
          { tool: 'run_claim', decision: 'deny', when: { agent: 'helper' } },
          { tool: 'state_delete', decision: 'deny', when: { mode: 'emergency' } },
        ],
      },
    });
    expect(await worker.fail('run_start', { graph: 'nothere' })).toMatchObject({ code: 'not-allowed' });
    expect(await lead.fail('run_start', { graph: 'nothere' })).toMatchObject({ code: 'unknown-graph' });
    expect(await lead.fail('run_claim', { agent: 'helper' })).toMatchObject({ code: 'not-allowed' });
    await lead.call('run_claim');
    await worker.call('state_delete', { path: '$.a' });
    await worker.call('session_update', { mode: 'emergency' });
    expect(await worker.fail('state_delete', { path: '$.a' })).toMatchObject({ code: 'not-allowed' });
    // What the registry says of an agent counts more than what its session says.
    await lead.call('registry_save', { kind: 'agent', id: 'main', tier: 'worker' });
    expect(await lead.fail('run_start', { graph: 'nothere' })).toMatchObject({ code: 'not-allowed' });
  });

  test('counts at the next call of every process, however quickly it comes', async () => {
    const { one, two } = await pair([]);
    const policies = [{ tool: 'state_get', decision: 'deny' }];
    for (let round = 0; round < 30; round += 1) {
      await two.call('state_get');
      await one.call('project_save', { config: { policies } });
      expect(await two.fail('state_get')).toMatchObject({ code: 'not-allowed' });
      await one.call('project_save', { config: { policies: null } });
    }
  });

  test('of everything leaves the command line to put it right', async () => {
    const { rig, one, two } = await pair([{ tool: '*', decision: 'deny' }]);
    expect(await one.fail('project_save', { config: { policies: null } })).toMatchObject({
      code: 'not-allowed',
      how: expect.stringContaining('a person changes them with `baton project save`'),
    });
    const before = rig.lines;
    const person = commandLine(two);
    expect(await person.fail('state_set', { path: 'a', value: 1 })).toMatchObject({ code: 'not-allowed' });
    expect(rig.lines).toBe(before);
    await person.call('project_save', { config: { policies: null } });
    await one.call('state_set', { path: 'a', value: 1 });
  });
});

describe('ask', () => {
  const asking = { name: 'deploy', tool: 'run_start', decision: 'ask', reason: 'it costs money' };
  const approval = { kind: 'approval', policy: 'deploy', title: 'Start it?', options: ['allow', 'refuse'] };
  const passed = { code: 'unknown-graph' };

  test('says how to have it approved, and how that stands', async () => {
    const { one, two } = await pair([asking]);
    expect(await one.fail('run_start', { graph: 'g' })).toMatchObject({
      code: 'not-allowed',
      why: 'the policy "deploy" wants it approved: it costs money',
      how: expect.stringContaining('decision_open {kind: "approval", policy: "deploy"'),
    });
    const { decision } = await one.call('decision_open', approval);
    expect(await one.fail('run_start', { graph: 'g' })).toMatchObject({
      why: expect.stringContaining(`${decision} on it is open`),
    });
    await two.call('decision_vote', { decision, option: 'refuse' });
    await one.call('decision_vote', { decision, option: 'refuse' });
    expect(await one.fail('run_start', { graph: 'g' })).toMatchObject({
      why: expect.stringContaining('did not allow it'),
    });
  });

  test('lets the session that asked through for an hour once another one has voted for it', async () => {
    const { one, two } = await pair([asking]);
    const { decision } = await one.call('decision_open', approval);
    await one.call('decision_vote', { decision, option: 'allow' });
    expect(await two.call('decision_vote', { decision, option: 'allow' })).toMatchObject({ status: 'passed' });
    expect(await one.fail('run_start', { graph: 'g' })).toMatchObject(passed);
    expect(await two.fail('run_start', { graph: 'g' })).toMatchObject({ code: 'not-allowed' });
    vi.setSystemTime(Date.now() + 3_600_001);
    expect(await one.fail('run_start', { graph: 'g' })).toMatchObject({ why: expect.stringContaining('is over') });
  });

  test('is not approved by whoever asks, but by a person on the command line', async () => {
    const { windows } = await given([asking], ['one']);
    const [one] = windows;
    if (one === undefined) throw new Error('no window');
    const alone = await one.call('decision_open', approval);
    expect(await one.call('decision_vote', { decision: alone.decision, option: 'allow' })).toMatchObject({
      status: 'passed',
    });
    expect(await one.fail('run_start', { graph: 'g' })).toMatchObject({
      why: expect.stringContaining('its own session alone'),
    });
    const { decision } = await one.call('decision_open', approval);
    const voted = await commandLine(one).call('decision_vote', { decision, option: 'allow' });
    expect(voted).toMatchObject({ status: 'passed', why: 'decided by person:ann' });
    const vote = { by: 'ann', grade: 'person', option: 'allow' };
    const { votes } =
      (await one.services.documents.read((view) => view.get<DecisionDocument>(`decision/${decision}`))) ?? {};
    expect(votes).toEqual({ 'person:ann': expect.objectContaining(vote) });
    expect(await one.fail('run_start', { graph: 'g' })).toMatchObject(passed);
  });

  test('never stops what asking takes', async () => {
    const { one, two } = await pair([{ name: 'all', tool: '*', decision: 'ask' }]);
    const { decision } = await one.call('decision_open', { ...approval, policy: 'all' });
    await two.call('message_read');
    await two.call('decision_vote', { decision, option: 'allow' });
    await one.call('decision_vote', { decision, option: 'allow' });
    await one.call('state_set', { path: 'a', value: 1 });
    expect(await two.fail('state_set', { path: 'a', value: 1 })).toMatchObject({ code: 'not-allowed' });
  });

  test('an approval is of a policy that asks, with an option that lets through', async () => {
    const { one } = await pair([asking, { name: 'other', tool: 'run_claim', decision: 'deny' }]);
    const why = async (more: object) => {
      // Through JSON, as a call comes: what is undefined is not there.
      const failure = await one.fail('decision_open', JSON.parse(JSON.stringify({ ...approval, ...more })));
      return failure.code === 'invalid-input' ? failure.issues[0]?.why : failure;
    };
    expect(await why({ policy: 'other' })).toBe('is no policy that asks: those are deploy');
    expect(await why({ policy: undefined })).toBe('required with kind approval');
    expect(await why({ options: ['yes', 'no'] })).toBe('one of them must be "allow"');
    expect(await why({ kind: 'choice' })).toBe('only with kind approval');
  });
});
