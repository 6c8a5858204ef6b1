// How a run stands by more than its document: claims that lapsed while nobody asked for work do not keep it running.

import { expect, test } from 'vitest';
import { standingOf, wordsFor } from '../../src/views/run/standing.ts';
import { RunRig, work } from '../run-rig.ts';

const HOUR = 3_600_000;

async function claimed(node: object) {
  const rig = new RunRig([work('a', [], node), work('b', ['a'])]);
  await rig.start();
  await rig.claimed();
  const seenAt = (lastSeen: number | undefined) =>
    standingOf(rig.document(), {
      now: rig.clock.now,
      presence: { lastSeen: () => lastSeen },
      served: () => new Set<string>(),
      graph: () => rig.graph,
    });
  return { rig, seenAt };
}

test('given a claim that must not be repeated lapsed, then the run is stuck, and it says who can decide', async () => {
  const { rig, seenAt } = await claimed({ effect: 'once' });
  expect(seenAt(undefined)).toEqual({ status: 'running', unserved: [] });
  rig.clock.now += HOUR;
  expect(seenAt(rig.clock.now)).toEqual({ status: 'running', unserved: [] });
  const { status, unserved } = seenAt(undefined);
  expect(status).toBe('stuck');
  expect(unserved.map((one) => `${one.node}: ${wordsFor(one)}`)).toEqual([
    'a: its claim lapsed, and it may have taken effect: run_control {action: "decide"} says what became of it',
  ]);
});

test('given one that may be repeated lapsed, then somebody may take it: the run goes on', async () => {
  const { rig, seenAt } = await claimed({});
  rig.clock.now += HOUR;
  expect(seenAt(undefined)).toEqual({ status: 'running', unserved: [] });
});

test('given one of a server lapsed, and no server admits the node, then the run is stuck', async () => {
  const rig = new RunRig([{ id: 'a', kind: 'command', command: ['make'], effect: 'idempotent' }]);
  await rig.start();
  await rig.claimed({ performer: 'server' });
  rig.clock.now += HOUR;
  const presence = { lastSeen: () => undefined };
  const seen = { now: rig.clock.now, presence, served: () => new Set<string>(), graph: () => rig.graph };
  expect(standingOf(rig.document(), seen)).toMatchObject({ status: 'stuck', unserved: [{ node: 'a' }] });
});
