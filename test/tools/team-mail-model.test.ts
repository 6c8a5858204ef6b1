// Random windows that send, read, die and return: every message reaches its reader at least once, in order except for
// urgent ones; nobody reads another's messages; messages that ask for something return until acknowledged.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Services } from '../../src/app/services.ts';
import { unreadCount } from '../../src/views/team/mail.ts';
import { rows, TeamRig, type Window } from '../team-rig.ts';

const NAMES = ['ann', 'bob', 'eve'];

/** The note, which goes on from look to look, counts what a look at all mail counts. */
async function expectNote({ mail, documents, workspace }: Services, session: string): Promise<void> {
  // The note rests on what the process has read of the log.
  await documents.read((view) => view.seq);
  const note = (await mail.note(() => session)) ?? '';
  const options = { project: workspace.project, now: Date.now(), got: mail.gotSoFar() };
  const { unread, urgent } = await documents.read((view) => unreadCount(view, { session }, options));
  const [, told = '0', pressing = '0'] = /^(\d+) unread messages?(?:, (\d+) urgent)?:/.exec(note) ?? [];
  expect([Number(told), Number(pressing)], note).toEqual([unread, urgent]);
}

const step = fc.record({
  who: fc.nat(NAMES.length - 1),
  what: fc.constantFrom('send', 'send', 'send', 'read', 'read', 'ack', 'die'),
  to: fc.constantFrom('ann', 'bob', 'eve', 'all', 'channel'),
  limit: fc.integer({ min: 1, max: 4 }),
  urgent: fc.boolean(),
  kind: fc.constantFrom('report', 'request'),
});

test('at least once, in order, to nobody else; what is owed, until it is acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const rig = new TeamRig();
      const windows: Window[] = [];
      for (const name of NAMES) windows.push(await rig.window(name));
      for (const window of windows) await window.call('message_read', { join: 'dev' });
      const sessions = windows.map(({ session }) => session);
      /** What each should get, by channel; and what it got, again and again where it died. */
      const due = new Map<string, string[]>();
      const got = new Map<string, string[]>();
      const note = (map: Map<string, string[]>, key: string, text: string) =>
        map.set(key, [...(map.get(key) ?? []), text]);
      const readInto = async (at: number, limit: number) => {
        const answer = await windows[at]?.call('message_read', { limit });
        const messages = rows(answer ?? {}, 'messages');
        for (const { text, to } of messages) note(got, `${at} ${String(to ?? 'inbox')}`, String(text));
        return messages.length;
      };
      const acked = new Set<string>();
      let count = 0;
      for (const { who, what, to, limit, urgent, kind } of steps) {
        const window = windows[who];
        if (window === undefined) continue;
        if (what === 'send') {
          const index = NAMES.indexOf(to);
          const address = index >= 0 ? sessions[index] : to === 'all' ? 'all' : 'channel:dev';
          const text = `m${count}${urgent ? '!' : ''}${kind === 'request' ? '?' : ''}`;
          count += 1;
          await window.call('message_send', { to: address, text, kind, priority: urgent ? 1 : 3 });
          const box = index >= 0 ? 'inbox' : to === 'all' ? 'all' : 'channel:dev';
          for (const at of NAMES.keys()) if (index >= 0 ? at === index : at !== who) note(due, `${at} ${box}`, text);
        } else if (what === 'read') {
          await readInto(who, limit);
        } else if (what === 'ack') {
          const found = rows(await window.call('message_read', { limit }), 'messages');
          for (const { text, to: box } of found) {
            note(got, `${who} ${String(box ?? 'inbox')}`, String(text));
            acked.add(`${who} ${String(box ?? 'inbox')} ${String(text)}`);
          }
          await window.call('message_read', { ack: found.map(({ id }) => id), limit: 1, text: 'nothing like it' });
        } else {
          const again = rig.process(NAMES[who] ?? '');
          again.session = window.session;
          windows[who] = again;
        }
        for (const { session, services } of windows) await expectNote(services, session);
      }
      for (const at of NAMES.keys()) {
        for (let round = 0; round < 60; round += 1) if ((await readInto(at, 50)) === 0) break;
        expect(await readInto(at, 50)).toBe(0);
      }
      expect([...got.keys()].filter((key) => !due.has(key))).toEqual([]);
      const usual = (texts: readonly string[]) => texts.filter((text) => !text.includes('!'));
      for (const [key, texts] of due) {
        // Repeats apart, exactly what was sent, and all but urgent ones in the order in which it was sent.
        const had = [...new Set(got.get(key) ?? [])];
        expect(usual(had), key).toEqual(usual(texts));
        expect(had.sort(), key).toEqual([...texts].sort());
      }
      got.clear();
      for (const [at, name] of NAMES.entries()) {
        const again = rig.process(name);
        windows[at] = again;
        while ((await readInto(at, 50)) > 0);
      }
      for (const [key, texts] of due) {
        const owed = texts.filter((text) => text.includes('?') && !acked.has(`${key} ${text}`));
        expect(got.get(key) ?? [], key).toEqual(expect.arrayContaining(owed));
        expect(got.get(key) ?? [], key).toHaveLength(owed.length);
      }
    }),
    { numRuns: 120 },
  );
});
