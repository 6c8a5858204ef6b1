// Whether one node may start: every row of the table in readiness.ts, in a run that goes on and in one that is halted.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepare } from '../../../src/graph/prepare.ts';
import { Frontier } from '../../../src/graph/ready/frontier.ts';
import { runOutcome } from '../../../src/graph/ready/outcome.ts';
import {
  isHalted,
  MAX_LOST_CLAIMS,
  type NeedsState,
  type Readiness,
  readiness,
  readinessAt,
} from '../../../src/graph/ready/readiness.ts';
import { readyNodes } from '../../../src/graph/ready/ready.ts';
import type { NodeStatus, RunNode } from '../../../src/graph/ready/run-node.ts';
import { graph, node, plainKinds, randomDag } from '../random-graph.ts';

const NOW = 1_000_000;
const prepared = prepare(graph([node('again'), node('once', [], { effect: 'once' })]), plainKinds);
const ended = { is: 'ended' } as const;
const lost = { is: 'blocked', why: 'lost' } as const;
const halted = { is: 'blocked', why: 'halted' } as const;

function at(status: NodeStatus, more: Partial<RunNode> = {}): RunNode {
  return { status, attempt: 2, fence: 3, ...more };
}

test.each<[string, { node?: RunNode; id?: string; needs?: NeedsState; is: Readiness; inHalted?: Readiness }]>([
  ['needs open', { needs: 'open', is: { is: 'waiting', on: 'needs', until: undefined } }],
  ['needs met', { is: { is: 'ready', why: 'first', attempt: 1, fence: 1 }, inHalted: halted }],
  [
    'lease lasts',
    { node: at('claimed', { lease_until: NOW + 1 }), is: { is: 'waiting', on: 'claim', until: NOW + 1 } },
  ],
  ['lease without an end', { node: at('claimed'), is: { is: 'waiting', on: 'claim', until: undefined } }],
  [
    'lease ended, repeatable',
    {
      node: at('claimed', { lease_until: NOW }),
      is: { is: 'ready', why: 'expired', attempt: 2, fence: 4 },
      inHalted: lost,
    },
  ],
  ['lease ended, not repeatable', { id: 'once', node: at('claimed', { lease_until: NOW }), is: lost }],
  ['lost too often', { node: at('claimed', { lease_until: NOW, fence: 2 + MAX_LOST_CLAIMS }), is: lost }],
  [
    'retry to come',
    { node: at('retrying', { not_before: NOW + 1 }), is: { is: 'waiting', on: 'pause', until: NOW + 1 } },
  ],
  [
    'retry due',
    {
      node: at('retrying', { not_before: NOW }),
      is: { is: 'ready', why: 'retry', attempt: 3, fence: 4 },
      inHalted: halted,
    },
  ],
  [
    'retry at once',
    { node: at('retrying'), is: { is: 'ready', why: 'retry', attempt: 3, fence: 4 }, inHalted: halted },
  ],
  ['a decision is wanted', { node: at('needs_decision'), is: { is: 'blocked', why: 'decision' } }],
  ['finished', { node: at('finished'), is: ended }],
  ['skipped', { node: at('skipped'), is: ended }],
  ['failed', { node: at('failed'), is: ended }],
  ['cancelled', { node: at('cancelled'), is: ended }],
])('%s', (_, { node: record, id = 'again', needs = 'met', is, inHalted = is }) => {
  const index = prepared.index.get(id) ?? 0;
  expect(readiness(prepared, index, record, needs, { now: NOW })).toEqual(is);
  expect(readiness(prepared, index, record, needs, { now: NOW, halted: true })).toEqual(inHalted);
});

test('presence makes a lease last, and is asked only once the stored lease has ended', () => {
  const asked: string[] = [];
  const lastSeen = (agent: string) => {
    asked.push(agent);
    return NOW - 1;
  };
  const live = at('claimed', { lease_until: NOW + 1, agent: 'x' });
  readiness(prepared, 0, live, 'met', { now: NOW, lastSeen });
  expect(asked).toEqual([]);
  const seen = readiness(prepared, 0, { ...live, lease_until: NOW }, 'met', { now: NOW, lastSeen });
  expect(seen).toEqual({ is: 'waiting', on: 'claim', until: NOW - 1 + (prepared.leaseMs[0] ?? 0) });
  expect(asked).toEqual(['x']);
});

const records = fc.constantFrom<RunNode | undefined>(
  undefined,
  undefined,
  at('finished'),
  at('finished'),
  at('skipped'),
  at('failed'),
  at('cancelled'),
  at('needs_decision'),
  at('retrying'),
  at('retrying', { not_before: NOW + 5 }),
  at('claimed', { lease_until: NOW + 5 }),
  at('claimed', { lease_until: NOW }),
);

test('property: ready set, frontier and outcome say of every node what its readiness says', () => {
  fc.assert(
    fc.property(
      randomDag(10),
      fc.array(records, { minLength: 10, maxLength: 10 }),
      fc.constantFrom<'fail_fast' | 'continue'>('fail_fast', 'continue'),
      (input, picks, onFailure) => {
        const run = prepare(input, plainKinds);
        const nodes: Record<string, RunNode> = {};
        for (const [i, { id }] of input.nodes.entries()) if (picks[i] !== undefined) nodes[id] = picks[i];
        const failed = Object.values(nodes).filter(({ status }) => status === 'failed').length;
        const conditions = { now: NOW, halted: isHalted(run, failed, onFailure) };
        const all = run.ids.map((id, i) => ({ id, found: readinessAt(run, nodes, i, conditions) }));
        const idsOf = (is: Readiness['is'], why?: string) =>
          all
            .filter(({ found }) => found.is === is && (why === undefined || ('why' in found && found.why === why)))
            .map(({ id }) => id);
        const answer = readyNodes(run, nodes, NOW, { onFailure });
        expect(answer.candidates.map(({ id }) => id).toSorted()).toEqual(idsOf('ready').toSorted());
        expect(answer.to_decide).toEqual(idsOf('blocked', 'lost'));
        expect(answer.left).toBe(all.length - idsOf('ended').length);
        const untils = all.flatMap(({ found }) => (found.is === 'waiting' ? (found.until ?? []) : []));
        expect(answer.until).toBe(untils.length === 0 ? undefined : Math.min(...untils));
        const frontier = new Frontier(run, nodes);
        expect(frontier.next(NOW, { onFailure }) === undefined).toBe(idsOf('ready').length === 0);
        const outcome = runOutcome(run, nodes, { onFailure });
        if (idsOf('ready').length > 0) expect(outcome).toBe('running');
        if (outcome === 'stuck') expect(idsOf('blocked', 'decision').length).toBeGreaterThan(0);
        if (outcome === 'finished') expect(idsOf('ended')).toHaveLength(all.length);
      },
    ),
    { numRuns: 300 },
  );
});
