// Random windows that send, read, die and come back: every message to a reader reaches it at least once, in order, nobody
// reads what is not for it, and no state says more than was observed.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rows, TeamRig, type Window } from '../team-rig.ts';

const NAMES = ['ann', 'bob', 'eve'];

const step = fc.record({
  who: fc.nat(NAMES.length - 1),
  what: fc.constantFrom('send', 'send', 'send', 'read', 'read', 'ack', 'die'),
  to: fc.constantFrom('ann', 'bob', 'eve', 'all', 'channel'),
  limit: fc.integer({ min: 1, max: 4 }),
});

test('at least once, in order, to nobody else', async () => {
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
      let count = 0;
      for (const { who, what, to, limit } of steps) {
        const window = windows[who];
        if (window === undefined) continue;
        if (what === 'send') {
          const index = NAMES.indexOf(to);
          const address = index >= 0 ? sessions[index] : to === 'all' ? 'all' : 'channel:dev';
          const text = `m${count}`;
          count += 1;
          await window.call('message_send', { to: address, text });
          const box = index >= 0 ? 'inbox' : to === 'all' ? 'all' : 'channel:dev';
          for (const at of NAMES.keys()) if (index >= 0 ? at === index : at !== who) note(due, `${at} ${box}`, text);
        } else if (what === 'read') {
          await readInto(who, limit);
        } else if (what === 'ack') {
          const found = rows(await window.call('message_read', { limit }), 'messages');
          for (const { text, to: box } of found) {
            note(got, `${who} ${String(box ?? 'inbox')}`, String(text));
          }
          await window.call('message_read', { ack: found.map(({ id }) => id), limit: 1, text: 'nothing like it' });
        } else {
          const again = rig.process(NAMES[who] ?? '');
          again.session = window.session;
          windows[who] = again;
        }
      }
      for (const at of NAMES.keys()) {
        for (let round = 0; round < 60; round += 1) if ((await readInto(at, 50)) === 0) break;
        expect(await readInto(at, 50)).toBe(0);
      }
      expect([...got.keys()].filter((key) => !due.has(key))).toEqual([]);
      for (const [key, texts] of due) {
        const had = got.get(key) ?? [];
        // Repeats apart, exactly what was sent, in the order in which it was sent.
        expect([...new Set(had)], key).toEqual(texts);
      }
    }),
    { numRuns: 120 },
  );
});
