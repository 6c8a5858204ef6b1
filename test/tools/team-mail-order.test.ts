// The order of messages, given/when/then: urgent ones early, unacknowledged ones again, and which readers are counted.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { TeamRig, type Window } from '../team-rig.ts';

afterEach(() => {
  vi.useRealTimers();
});

async function pair(): Promise<{ rig: TeamRig; ann: Window; bob: Window }> {
  const rig = new TeamRig();
  return { rig, ann: await rig.window('ann'), bob: await rig.window('bob') };
}

const texts = async (window: Window, args: object = {}) =>
  (await window.read(args)).map((line) => line.slice(line.indexOf(': ') + 2));

/** A message's state, as its sender sees it. */
async function stateOf(sender: Window, text: string): Promise<unknown> {
  const { messages } = await sender.call('message_read', { text });
  return (messages as { state: string }[])[0]?.state;
}

/** The same session in a new process: what the one before remembered is gone. */
function reborn(rig: TeamRig, window: Window): Window {
  const again = rig.process('bob');
  again.session = window.session;
  return again;
}

describe('urgent messages', () => {
  async function given() {
    const { rig, ann, bob } = await pair();
    for (let n = 1; n <= 6; n += 1) await ann.call('message_send', { to: bob.session, text: `m${n}` });
    await ann.call('message_send', { to: 'all', text: 'to all', priority: 2 });
    await ann.call('message_send', { to: bob.session, text: 'fire', priority: 1 });
    await ann.call('message_send', { to: 'all', text: 'flood', priority: 1 });
    return { rig, ann, bob };
  }

  test('given they are behind others, then they come first and once, and the rest keeps its order', async () => {
    const { ann, bob } = await given();
    expect(await bob.call('state_get', { path: '$.x' })).toMatchObject({
      note: '9 unread messages, 2 urgent: call message_read',
    });
    expect(await texts(bob, { limit: 3 })).toEqual(['fire', 'flood', 'm1']);
    expect([await stateOf(ann, 'fire'), await stateOf(ann, 'm1'), await stateOf(ann, 'm2')]).toEqual([
      'offered',
      'offered',
      'queued',
    ]);
    expect(await bob.call('state_get', { path: '$.x' })).toMatchObject({
      note: '6 unread messages: call message_read',
    });
    expect(await texts(bob, { limit: 3 })).toEqual(['m2', 'm3', 'm4']);
    expect(await texts(bob)).toEqual(['m5', 'm6', 'to all']);
    expect(await texts(bob)).toEqual([]);
    expect([await stateOf(ann, 'fire'), await stateOf(ann, 'flood'), await stateOf(ann, 'm6')]).toEqual([
      'seen',
      'seen',
      'seen',
    ]);
  });

  test('given the reader dies with them, then the next connection gets them first again, and nothing is missing', async () => {
    const { rig, ann, bob } = await given();
    expect(await texts(bob, { limit: 2 })).toEqual(['fire', 'flood']);
    const again = reborn(rig, bob);
    expect(await texts(again, { limit: 4 })).toEqual(['fire', 'flood', 'm1', 'm2']);
    const third = reborn(rig, bob);
    expect(await texts(third)).toEqual(['fire', 'flood', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'to all']);
    expect(await texts(third)).toEqual([]);
    expect(await stateOf(ann, 'fire')).toBe('seen');
  });

  test('given one lapses before it was offered, then it is offered to nobody; given after, then it was not missed', async () => {
    const { ann, bob } = await pair();
    for (const text of ['slow', 'late'])
      await ann.call('message_send', { to: bob.session, text, priority: text === 'late' ? 1 : 3, expires_s: 60 });
    expect(await texts(bob, { limit: 1 })).toEqual(['late']);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    await ann.call('message_send', { to: bob.session, text: 'last' });
    expect(await texts(bob)).toEqual(['last']);
    expect([await stateOf(ann, 'slow'), await stateOf(ann, 'late')]).toEqual(['expired', 'seen']);
  });

  test('given they are acknowledged before their turn, then they do not come in it', async () => {
    const { rig, ann, bob } = await given();
    const { messages } = await bob.call('message_read', { limit: 1 });
    await bob.call('message_read', {
      ack: (messages as { id: string }[]).map(({ id }) => id),
      text: 'nothing like it',
    });
    expect(await stateOf(ann, 'fire')).toBe('acked');
    expect(await texts(reborn(rig, bob))).not.toContain('fire');
  });
});

describe('what asks for something', () => {
  async function given(more: object = {}) {
    const { rig, ann, bob } = await pair();
    const { message } = await ann.call('message_send', { to: bob.session, text: 'deploy', kind: 'request', ...more });
    await ann.call('message_send', { to: bob.session, text: 'done', kind: 'report' });
    expect(await texts(bob)).toEqual(['deploy', 'done']);
    // It comes back for more: both are seen.
    expect(await texts(bob)).toEqual([]);
    expect([await stateOf(ann, 'deploy'), await stateOf(ann, 'done')]).toEqual(['seen', 'seen']);
    return { rig, ann, bob, message };
  }

  test('given it was seen and the reader dies before it acknowledged it, then the next connection gets it again, once', async () => {
    const { rig, bob, message } = await given();
    const again = reborn(rig, bob);
    expect(await again.call('state_get', { path: '$.x' })).toMatchObject({
      note: '1 unread message: call message_read',
    });
    expect(await again.call('message_read')).toMatchObject({
      messages: [{ id: message, text: 'deploy', state: 'seen' }],
      unread: 0,
    });
    expect(await texts(again)).toEqual([]);
    expect(await again.call('state_get', { path: '$.x' })).not.toHaveProperty('note');
    const third = reborn(rig, bob);
    expect(await texts(third)).toEqual(['deploy']);
    await third.call('message_read', { ack: [message] });
    expect(await texts(reborn(rig, bob))).toEqual([]);
  });

  test('given it was answered, or its time is over, then it is not offered again', async () => {
    const { rig, ann, bob, message } = await given();
    await bob.call('message_send', { to: ann.session, text: 'will do', thread: message });
    expect(await stateOf(ann, 'deploy')).toBe('acked');
    expect(await texts(reborn(rig, bob))).toEqual([]);
    const other = await given({ expires_s: 60 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect(await texts(reborn(other.rig, other.bob))).toEqual([]);
  });

  test('given more than are listed one by one, then all are offered again, a page at a time', async () => {
    const { rig, ann, bob } = await pair();
    for (let n = 1; n <= 60; n += 1)
      await ann.call('message_send', { to: bob.session, text: `r${n}`, kind: 'blocker' });
    await bob.read({ limit: 50 });
    await bob.read({ limit: 50 });
    await bob.read();
    const again = reborn(rig, bob);
    const first = await texts(again, { limit: 30 });
    expect([first[0], first.length]).toEqual(['r1', 30]);
    expect(await again.call('message_read', { limit: 1 })).toMatchObject({ unread: 29 });
    expect(await texts(again, { limit: 50 })).toHaveLength(29);
    expect(await texts(again)).toEqual([]);
  });

  test('given the session was handed over, then the receiver is offered what its predecessor never acknowledged', async () => {
    const { rig, bob } = await given();
    const { handoff } = await bob.call('session_handoff', { summary: 'over to you' });
    const eve = await rig.window('eve');
    await eve.call('session_start', { handoff });
    expect(await texts(eve)).toEqual(['deploy']);
  });
});

describe('who reads', () => {
  test('given agents and teams of which some are away, then only who is there is counted, and a stand-in is named', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    const bob = await rig.window('bob', { tester: 'worker' });
    for (const id of ['lead', 'tester']) await ann.call('registry_save', { kind: 'agent', id });
    await ann.call('registry_save', { kind: 'agent', id: 'boss', fallback: 'lead' });
    await ann.call('registry_save', { kind: 'agent', id: 'lead', fallback: 'tester' });
    expect(await ann.call('message_send', { to: 'tester', text: 'x' })).toMatchObject({ recipients: 1 });
    expect(await ann.call('message_send', { to: 'boss', text: 'x' })).toMatchObject({
      recipients: 0,
      note: 'nobody reads there now; the message waits. tester stands in',
    });
    await ann.call('project_save', { config: { teams: { core: { members: ['tester', 'boss', ann.session] } } } });
    expect(await ann.call('message_send', { to: 'team:core', text: 'x' })).toMatchObject({ recipients: 1 });
    await bob.call('session_update', { status: 'completed' });
    expect(await ann.call('message_send', { to: 'team:core', text: 'x' })).toMatchObject({ recipients: 0 });
    const eve = await rig.window('eve');
    await eve.call('message_read', { join: 'dev' });
    expect(await ann.call('message_send', { to: 'channel:dev', text: 'x' })).toMatchObject({ recipients: 1 });
    await eve.call('session_update', { status: 'completed' });
    expect(await ann.call('message_send', { to: 'channel:dev', text: 'x' })).toMatchObject({ recipients: 0 });
  });

  test('given the nearest superior is away, then an escalation goes to its stand-in, else further up', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann', { dev: 'worker' });
    await rig.window('bob', { boss: 'orchestrator' });
    for (const entry of [
      { id: 'boss' },
      { id: 'lead', reports_to: 'boss' },
      { id: 'deputy' },
      { id: 'dev', reports_to: 'lead' },
    ])
      await ann.call('registry_save', { kind: 'agent', ...entry });
    const escalate = async () => (await ann.call('message_send', { kind: 'escalation', text: 'help' })).to;
    expect(await escalate()).toEqual(['agent:boss']);
    await ann.call('registry_save', { kind: 'agent', id: 'lead', fallback: 'deputy' });
    await rig.window('eve', { deputy: 'coordinator' });
    expect(await escalate()).toEqual(['agent:deputy']);
    await rig.window('kim', { lead: 'coordinator' });
    expect(await escalate()).toEqual(['agent:lead']);
  });
});

describe('what is owed', () => {
  test('given more than fifty requests without an acknowledgement, then each comes again after a restart', async () => {
    const { rig, ann, bob } = await pair();
    const sent: string[] = [];
    for (let n = 1; n <= 130; n += 1) {
      const kind = n % 3 === 0 ? 'report' : 'request';
      await ann.call('message_send', { to: bob.session, text: `m${n}`, kind });
      if (kind === 'request') sent.push(`m${n}`);
    }
    const all = async (window: Window): Promise<string[]> => {
      const found: string[] = [];
      for (let page = await texts(window, { limit: 50 }); page.length > 0; page = await texts(window, { limit: 50 }))
        found.push(...page);
      return found;
    };
    expect(await all(bob)).toHaveLength(130);
    const again = reborn(rig, bob);
    expect(await again.call('state_get', { path: '$.x' })).toMatchObject({
      note: `${sent.length} unread messages: call message_read`,
    });
    expect(await all(again)).toEqual(sent);
    const ack = [2, 7, 130].map((n) => `${bob.session}.${n}`);
    expect(await again.call('message_read', { ack })).toMatchObject({ acked: 3 });
    expect(await all(reborn(rig, bob))).toEqual(sent.filter((text) => !['m2', 'm7', 'm130'].includes(text)));
  });
});
