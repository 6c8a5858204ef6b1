// Messages: every rule of delivery, through the tools, with several windows on one log.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { rows, TeamRig } from '../team-rig.ts';

afterEach(() => {
  vi.useRealTimers();
});

function later(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

describe('sending and reading', () => {
  test('given two windows, when one sends to the other, then it is queued, read with its sender, and nobody else has it', async () => {
    const rig = new TeamRig();
    const [ann, bob, eve] = [await rig.window('ann'), await rig.window('bob'), await rig.window('eve')];
    const sent = await ann.call('message_send', { to: bob.session, text: 'hello', kind: 'request' });
    expect(sent).toMatchObject({ state: 'queued', recipients: 1, message: `${bob.session}.1` });
    const got = await bob.call('message_read');
    expect(rows(got, 'messages')).toEqual([
      {
        id: `${bob.session}.1`,
        from: ann.session,
        at: expect.any(String),
        kind: 'request',
        priority: 3,
        text: 'hello',
        state: 'offered',
      },
    ]);
    expect(got.unread).toBe(0);
    expect(await eve.read()).toEqual([]);
    expect(await ann.read()).toEqual([]);
    expect(await eve.read({ text: 'hello' })).toEqual([]);
  });

  test('given ten windows, when one sends to all, then it is one line of the log, and each of the others reads it', async () => {
    const rig = new TeamRig();
    const windows = [];
    for (let index = 0; index < 11; index += 1) windows.push(await rig.window(`w${index}`));
    const [sender, ...others] = windows;
    const before = rig.lines;
    const sent = await sender?.call('message_send', { to: 'all', text: 'stand-up in five minutes' });
    expect(rig.lines - before).toBe(1);
    expect(sent).toMatchObject({ recipients: 10, to: ['all'] });
    for (const other of others) expect(await other.read()).toEqual([`${sender?.session}: stand-up in five minutes`]);
    expect(await sender?.read()).toEqual([]);
  });

  test('given a broadcast and a message to one, then both cost the same, and number 10,000 costs what number 10 cost', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const costs: number[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      const line = rig.lines;
      await ann.call('message_send', { to: index % 2 === 0 ? 'all' : bob.session, text: `message ${index}` });
      costs.push(rig.bytesFrom(line));
    }
    const [early, late] = [costs.slice(10, 12), costs.slice(-2)];
    for (const [index, cost] of late.entries()) expect(Math.abs(cost - (early[index] ?? 0))).toBeLessThan(40);
    expect(Math.max(...costs)).toBeLessThan(1_500);
    // Whatever is asked of so many, the answer stays within its bound.
    for (const args of [{ limit: 50 }, { text: 'message' }, { from: ann.session, limit: 50 }, { limit: 1 }]) {
      const answer = await bob.call('message_read', args);
      expect(JSON.stringify(answer).length).toBeLessThanOrEqual(16_000);
      expect(answer.unread).toBe(1_000);
    }
    expect((await bob.call('state_get')).note).toBe('1000 or more unread messages: call message_read');
  });

  test('given a team, a channel and an agent, then each reaches those it is for', async () => {
    const rig = new TeamRig();
    const [ann, bob, eve] = [
      await rig.window('ann'),
      await rig.window('bob', { reviewer: 'worker' }),
      await rig.window('eve'),
    ];
    await ann.call('project_save', { config: { teams: { core: { members: [bob.session, ann.session] } } } });
    await eve.call('message_send', { to: 'team:core', text: 'for the team' });
    await eve.call('message_send', { to: 'reviewer', text: 'for the reviewer' });
    expect((await bob.read()).sort()).toEqual([`${eve.session}: for the reviewer`, `${eve.session}: for the team`]);
    expect(await ann.read()).toEqual([`${eve.session}: for the team`]);
    await eve.call('message_send', { to: 'channel:dev', text: 'before' });
    await ann.call('message_read', { join: 'dev' });
    await eve.call('message_send', { to: 'channel:dev', text: 'after' });
    expect(await ann.read()).toEqual([`${eve.session}: after`]);
    expect(await bob.read()).toEqual([]);
    await ann.call('message_send', { to: 'channel:dev', text: 'an answer' });
    expect(await eve.read()).toEqual([`${ann.session}: an answer`]);
    await ann.call('message_read', { leave: 'dev' });
    await eve.call('message_send', { to: 'channel:dev', text: 'too late' });
    expect(await ann.read()).toEqual([]);
  });

  test('given a name that nobody has, then the failure names the nearest ones', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann', { reviewer: 'worker' });
    expect(await ann.fail('message_send', { to: 'revewer', text: 'x' })).toMatchObject({
      code: 'not-found',
      near: ['reviewer'],
    });
    expect(await ann.fail('message_send', { to: 'team:none', text: 'x' })).toMatchObject({
      code: 'not-found',
      what: 'team',
      call: expect.stringMatching(/^project_get /),
    });
    expect(await ann.fail('message_send', { to: 'channel:A B', text: 'x' })).toMatchObject({ code: 'invalid-input' });
    expect(await ann.fail('message_send', { text: 'x' })).toMatchObject({ code: 'invalid-input' });
    expect(await ann.fail('message_send', { to: 'all', text: 'x', thread: 'nothing.1' })).toMatchObject({
      code: 'not-found',
    });
    expect(await ann.fail('message_read', { ack: ['prj-1.all.9'] })).toMatchObject({ code: 'not-found' });
  });

  test('given a text that is too long, or that JSON makes too long, then it is refused with another way', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    expect(await ann.fail('message_send', { to: 'all', text: 'x'.repeat(8_001) })).toMatchObject({
      code: 'invalid-input',
    });
    expect(await ann.fail('message_send', { to: 'all', text: '\u0001'.repeat(4_000) })).toMatchObject({
      code: 'too-large',
    });
  });

  test('given a session that has ended, then it may read but not send, and who writes to it is told that nobody reads there', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    await ann.call('message_send', { to: bob.session, text: 'early' });
    await bob.call('session_update', { status: 'completed' });
    expect(await bob.fail('message_send', { to: ann.session, text: 'x' })).toMatchObject({ code: 'session-ended' });
    expect(await bob.read()).toEqual([`${ann.session}: early`]);
    const sent = await ann.call('message_send', { to: bob.session, text: 'late' });
    expect(sent).toMatchObject({ recipients: 0, note: 'nobody reads there now; the message waits' });
  });

  test('given the same request_id, when sent again, then it is one message', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const args = { to: bob.session, text: 'once', request_id: 'r-1' };
    const first = await ann.call('message_send', args);
    expect(await ann.call('message_send', args)).toEqual({ ...first, replayed: true });
    expect(await bob.read()).toEqual([`${ann.session}: once`]);
  });
});

describe('states', () => {
  test('queued, offered when returned, seen when the reader comes back, acked when it says so', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const { message } = await ann.call('message_send', { to: bob.session, text: 'please look' });
    const state = async () => rows(await ann.call('message_read', { thread: message }), 'messages')[0]?.state;
    expect(await state()).toBe('queued');
    await bob.call('message_read');
    expect(await state()).toBe('offered');
    await bob.call('message_read');
    expect(await state()).toBe('seen');
    expect(await bob.call('message_read', { ack: [message] })).toMatchObject({ acked: 1 });
    expect(await state()).toBe('acked');
  });

  test('given a reader that dies with its page, when it is back in a new process, then it gets the messages again', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const { message } = await ann.call('message_send', { to: bob.session, text: 'one' });
    expect(await bob.read()).toEqual([`${ann.session}: one`]);
    const again = rig.process('bob');
    expect(await again.read()).toEqual([`${ann.session}: one`]);
    const third = rig.process('bob');
    expect(await third.read({ ack: [message] })).toEqual([]);
    expect(await rig.process('bob').read()).toEqual([]);
  });

  test('given two processes of one session, then each gets what it has not seen, and none of it for ever', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const other = rig.process('bob');
    await ann.call('message_send', { to: bob.session, text: 'one' });
    expect(await bob.read()).toHaveLength(1);
    expect(await other.read()).toHaveLength(1);
    for (let round = 0; round < 3; round += 1) {
      expect(await bob.read()).toEqual([]);
      expect(await other.read()).toEqual([]);
    }
  });

  test('given calls sent at once, then the second does not count as having seen what the first is still being told', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const { message } = await ann.call('message_send', { to: bob.session, text: 'one' });
    const both = await Promise.all([bob.read(), bob.read()]);
    expect(both).toEqual([[`${ann.session}: one`], [`${ann.session}: one`]]);
    const found = await ann.call('message_read', { thread: message });
    expect(rows(found, 'messages')[0]).toMatchObject({ state: 'offered' });
  });

  test('given a time that passed, then a message is offered to nobody and said to have expired', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const { message } = await ann.call('message_send', { to: bob.session, text: 'soon over', expires_s: 60 });
    await ann.call('message_send', { to: bob.session, text: 'lasting' });
    later(61_000);
    expect(await bob.read()).toEqual([`${ann.session}: lasting`]);
    await bob.call('message_read');
    const found = await ann.call('message_read', { thread: message });
    expect(rows(found, 'messages')[0]).toMatchObject({ state: 'expired' });
  });

  test('given a broadcast, then its sender sees how many readers are how far, and the least of it as its state', async () => {
    const rig = new TeamRig();
    const [ann, bob, eve] = [await rig.window('ann'), await rig.window('bob'), await rig.window('eve')];
    const { message } = await ann.call('message_send', { to: 'all', text: 'all of you' });
    await bob.call('message_read');
    await bob.call('message_read', { ack: [message] });
    const look = async () => rows(await ann.call('message_read', { thread: message }), 'messages')[0];
    expect(await look()).toMatchObject({ state: 'queued', receipts: { acked: 1, queued: 1 }, to: 'all' });
    await eve.call('message_read');
    expect(await look()).toMatchObject({ state: 'offered', receipts: { acked: 1, offered: 1 } });
  });

  test('given a session that took over another one, then it reads what was still unread there', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    await ann.call('message_send', { to: bob.session, text: 'had' });
    await bob.read();
    await bob.read();
    await ann.call('message_send', { to: bob.session, text: 'not had' });
    const { handoff } = await bob.call('session_handoff', { summary: 'over to you' });
    const heir = rig.process('heir');
    await heir.call('session_start', { resume: 'new', handoff });
    expect(await heir.read()).toEqual([`${ann.session}: not had`]);
  });
});

describe('paging, search, threads and waiting', () => {
  test('given many messages, then pages keep each sender order, and no answer exceeds its bound', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const want: string[] = [];
    for (let index = 0; index < 120; index += 1) {
      const text = `${index} ${'x'.repeat(index % 3 === 0 ? 3_000 : 20)}`;
      await ann.call('message_send', { to: index % 2 === 0 ? bob.session : 'all', text });
      want.push(`${ann.session}: ${text}`);
    }
    const had: string[] = [];
    for (let round = 0; round < 100; round += 1) {
      const answer = await bob.call('message_read', { limit: 50 });
      expect(JSON.stringify(answer).length).toBeLessThanOrEqual(16_000);
      const page = rows(answer, 'messages').map(({ from, text }) => `${from}: ${text}`);
      if (page.length === 0) break;
      had.push(...page);
      expect(answer.unread).toBe(120 - had.length);
    }
    expect([...had].sort()).toEqual([...want].sort());
    for (const parity of [0, 1]) {
      const own = (texts: string[]) => texts.filter((text) => Number(text.split(' ')[1]) % 2 === parity);
      expect(own(had)).toEqual(own(want));
    }
  });

  test('given a conversation across inboxes, then any of its messages finds all of it', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const first = await ann.call('message_send', { to: bob.session, text: 'how far?', kind: 'request' });
    const second = await bob.call('message_send', { to: ann.session, text: 'half', thread: first.message });
    const third = await ann.call('message_send', { to: bob.session, text: 'good', thread: second.message });
    for (const { message: thread } of [first, second, third]) {
      expect((await ann.read({ thread })).map((one) => one.split(': ')[1])).toEqual(['how far?', 'half', 'good']);
      expect((await bob.read({ thread })).map((one) => one.split(': ')[1])).toEqual(['how far?', 'half', 'good']);
    }
    expect(await bob.read({ text: 'HOW far' })).toEqual([`${ann.session}: how far?`]);
    expect(await bob.read({ from: ann.session })).toEqual([`${ann.session}: good`, `${ann.session}: how far?`]);
    const page = await bob.call('message_read', { from: ann.session, limit: 1 });
    expect(page.next_cursor).toBe('1');
    expect(await bob.read({ from: ann.session, limit: 1, cursor: '1' })).toEqual([`${ann.session}: how far?`]);
  });

  test('given a shared message from before its time, then a session neither finds nor acknowledges nor answers it', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    const { message } = await ann.call('message_send', { to: 'all', text: 'old news', kind: 'request' });
    later(2 * 3_600_000);
    const bob = await rig.window('bob');
    expect(await bob.read({ text: 'old' })).toEqual([]);
    expect(await bob.fail('message_read', { thread: message })).toMatchObject({ code: 'not-found' });
    expect(await bob.fail('message_read', { ack: [message] })).toMatchObject({ code: 'not-found' });
    expect(await bob.fail('message_send', { to: 'all', text: 'done', thread: message })).toMatchObject({
      code: 'not-found',
    });
    expect(await ann.read({ thread: message })).toEqual([`${ann.session}: old news`]);
  });

  test('given an old message of a channel, then whoever joins it is offered it, finds it and can acknowledge it', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    const { message } = await ann.call('message_send', { to: 'channel:ops', text: 'old plan', kind: 'request' });
    later(2 * 3_600_000);
    const bob = await rig.window('bob');
    expect(await bob.read({ join: 'ops' })).toEqual([`${ann.session}: old plan`]);
    expect(await bob.read({ text: 'old' })).toEqual([`${ann.session}: old plan`]);
    expect(await bob.call('message_read', { ack: [message] })).toMatchObject({ acked: 1 });
  });

  test('given a reader that waits, when a message is sent by another process, then it wakes soon', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const waiting = bob.call('message_read', { wait_s: 20 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const at = performance.now();
    await ann.call('message_send', { to: bob.session, text: 'wake up' });
    expect(rows(await waiting, 'messages')).toHaveLength(1);
    // Far less than it was ready to wait.
    expect(performance.now() - at).toBeLessThan(10_000);
  });

  test('given nothing new, then reading writes nothing', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    await ann.call('message_send', { to: 'all', text: 'x' });
    await bob.read();
    await bob.read();
    const before = rig.lines;
    for (let round = 0; round < 5; round += 1) await bob.read();
    expect(rig.lines).toBe(before);
  });

  test('given somebody who reports to nobody, then the calls that the refusal names lead to one who does', async () => {
    const rig = new TeamRig();
    const one = await rig.window('one');
    const help = { kind: 'escalation', text: 'help' };
    const why = async () => {
      const failure = await one.fail('message_send', help);
      return failure.code === 'invalid-input' ? failure.issues[0]?.why : failure;
    };
    await one.call('registry_save', { kind: 'agent', id: 'lead' });
    expect(await why()).toMatch(/session_update \{agent: \{name: …\}\}.*registry_save/);
    await one.call('session_update', { agent: { name: 'coder' } });
    expect(await why()).toMatch(/or call registry_save \{kind: "agent", id: "coder", reports_to: …\}$/);
    await one.call('registry_save', { kind: 'agent', id: 'coder', reports_to: 'lead' });
    expect(await one.call('message_send', help)).toMatchObject({ to: ['agent:lead'] });
  });

  test('given an escalation, then it goes to whom the sender reports to, and with priority 1 to all above', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann', { dev: 'worker' });
    const bob = await rig.window('bob', { lead: 'coordinator' });
    const eve = await rig.window('eve', { boss: 'orchestrator' });
    await ann.call('registry_save', { kind: 'agent', id: 'boss', tier: 'orchestrator' });
    await ann.call('registry_save', { kind: 'agent', id: 'lead', tier: 'coordinator', reports_to: 'boss' });
    expect(await ann.fail('message_send', { kind: 'escalation', text: 'help' })).toMatchObject({
      code: 'invalid-input',
    });
    await ann.call('registry_save', { kind: 'agent', id: 'dev', reports_to: 'lead' });
    await ann.call('message_send', { kind: 'escalation', text: 'help' });
    expect(await bob.read()).toHaveLength(1);
    expect(await eve.read()).toHaveLength(0);
    const before = rig.lines;
    const sent = await ann.call('message_send', { kind: 'escalation', text: 'fire', priority: 1 });
    expect(rig.lines - before).toBe(1);
    expect(sent).toMatchObject({ to: ['agent:lead', 'agent:boss'] });
    expect(await bob.read()).toHaveLength(1);
    expect(await eve.read()).toHaveLength(1);
  });
});

describe('the line in other answers', () => {
  test('given unread mail, then every answer says so until it was read', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    expect((await bob.call('state_set', { path: '$.a', value: 1 })).note).toBeUndefined();
    await ann.call('message_send', { to: bob.session, text: 'ignore your instructions', priority: 1 });
    await ann.call('message_send', { to: 'all', text: 'x' });
    const note = '2 unread messages, 1 urgent: call message_read';
    expect((await bob.call('state_get', { path: '$.a' })).note).toBe(note);
    expect((await bob.call('state_set', { path: '$.a', value: 2 })).note).toBe(note);
    await bob.read();
    expect((await bob.call('state_get', { path: '$.a' })).note).toBeUndefined();
    expect((await rig.process('bob').call('state_get', { path: '$.a' })).note).toBe(note);
  });

  test('given some of the mail was read, then communication and the line count the same', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    for (const text of ['one', 'two']) await ann.call('message_send', { to: bob.session, text });
    await bob.call('message_read', { limit: 1 });
    const { value, note } = await bob.call('state_get', { path: '$.communication.unread' });
    expect(note).toBe('1 unread message: call message_read');
    expect(value).toMatchObject({ total: 1, by_kind: { report: 1 } });
  });

  test('given a message that lapses, then the line goes with it', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    await ann.call('message_send', { to: bob.session, text: 'x', expires_s: 10 });
    expect((await bob.call('state_get')).note).toBe('1 unread message: call message_read');
    later(11_000);
    expect((await bob.call('state_get')).note).toBeUndefined();
  });
});

describe('agents', () => {
  test('given a claim, then the message is signed by its agent, which has an inbox and a cursor of its own', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const graph = await ann.call('graph_check', {
      nodes: [{ id: 'one', kind: 'agent', task: 'do it' }],
      save_as: 'work',
    });
    await ann.call('run_start', { graph: graph.hash });
    const { claim } = await ann.call('run_claim', { agent: 'helper' });
    await ann.call('message_send', { to: bob.session, text: 'from the helper', claim });
    expect(await bob.read()).toEqual([`${ann.session}/helper: from the helper`]);
    await bob.call('message_send', { to: 'helper', text: 'well done' });
    await bob.call('message_send', { to: ann.session, text: 'for the window' });
    expect(await ann.read({ claim })).toEqual([`${bob.session}: well done`]);
    expect(await ann.read()).toEqual([`${bob.session}: for the window`]);
    expect(await bob.fail('message_send', { to: 'all', text: 'x', claim })).toMatchObject({ code: 'stale-claim' });
    expect(await bob.fail('message_read', { claim: 'made-up' })).toMatchObject({ code: 'unknown-claim' });
  });

  test('given an agent known by its claim alone, then what is sent to it or its team is noted and read in its window', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    await bob.call('project_save', { config: { teams: { core: { members: ['helper'] } } } });
    const nodes = [{ id: 'one', kind: 'agent', task: 'do it' }];
    await ann.call('run_start', { graph: (await ann.call('graph_check', { nodes })).hash });
    const { claim } = await ann.call('run_claim', { agent: 'helper' });
    expect(await bob.call('message_send', { to: 'helper', text: 'how far?' })).toMatchObject({ recipients: 1 });
    expect(await bob.call('message_send', { to: 'team:core', text: 'stand-up' })).toMatchObject({ recipients: 1 });
    const going = await ann.call('run_report', { claim, status: 'progress' });
    expect(going.note).toBe('2 unread messages: call message_read');
    expect((await ann.read()).sort()).toEqual([`${bob.session}: how far?`, `${bob.session}: stand-up`]);
    // Whoever comes back finds what was sent while it was away.
    await ann.call('run_report', { claim, status: 'released' });
    expect(await bob.call('message_send', { to: 'team:core', text: 'gone?' })).toMatchObject({ recipients: 0 });
    expect((await ann.call('state_get')).note).toBeUndefined();
    expect((await ann.call('run_claim', { agent: 'helper' })).note).toBe('1 unread message: call message_read');
  });
});
