// Many claimers on one run: each node is given to one, in any order of events. Seeds are printed on failure.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReadyIndex } from '../../../src/app/ready-index.ts';
import type { Documents } from '../../../src/documents/documents.ts';
import { claimNode } from '../../../src/domain/run/claim.ts';
import type { ClaimAnswer } from '../../../src/domain/run/fit.ts';
import { reportNode } from '../../../src/domain/run/report.ts';
import type { AnyNode } from '../../../src/graph/kinds/index.ts';
import { countNodes } from '../../../src/graph/ready/outcome.ts';
import { satisfies } from '../../../src/graph/ready/run-node.ts';
import { MemoryBlobs, MemoryLog, MemoryPresence } from '../../../src/store/memory.ts';
import { randomDag } from '../../graph/random-graph.ts';
import { BY, memoryDocuments, okOf, RunRig, work } from '../../run-rig.ts';

function processes(count: number): Documents[] {
  const shared = { log: new MemoryLog(), presence: new MemoryPresence(), blobs: new MemoryBlobs() };
  return Array.from({ length: count }, (_, i) => memoryDocuments({ ...shared, prefix: `p${i}` }));
}

test('two processes race for 200 nodes: each is claimed exactly once', async () => {
  const [one, two] = processes(2);
  if (one === undefined || two === undefined) throw new Error('no processes');
  const rig = new RunRig(
    Array.from({ length: 200 }, (_, i) => work(`n${i}`)),
    {},
    one,
  );
  await rig.configure({ global_settings: { max_concurrent_agents: 200 } });
  await rig.start();
  const races = Array.from({ length: 240 }, (_, i) => rig.claim({ agent: `ses-one.a${i}` }, i % 2 === 0 ? one : two));
  const answers = (await Promise.all(races)).map(okOf);
  const claimed = answers.flatMap((answer) => (answer.kind === 'claimed' ? [answer.node] : []));
  expect(claimed).toHaveLength(200);
  expect(new Set(claimed).size).toBe(200);
  expect(answers.filter((answer) => answer.kind === 'none').every(({ kind }) => kind === 'none')).toBe(true);
  for (const documents of [one, two]) {
    const nodes = documents.peek((view) => structuredClone(view.get<{ nodes: object }>(`run/${rig.run}`)?.nodes ?? {}));
    expect(Object.values(nodes).map(({ fence }) => fence)).toEqual(Array.from({ length: 200 }, () => 1));
  }
});

test('agents of three processes finish any graph: needs first, each node once, counters right', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomDag(16),
      fc.array(fc.constantFrom('done', 'failed', 'released', 'silent'), { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      async (shape, fates, maxParallel) => {
        const all = processes(3);
        const [first] = all;
        if (first === undefined) return;
        const more = { retry: { max_attempts: 10, backoff_s: 0 }, timeouts: { lease_s: 1 } };
        const nodes: AnyNode[] = shape.nodes.map(({ id, needs = [] }) => work(id, needs, more));
        const rig = new RunRig(nodes, {}, first);
        await rig.start({ maxParallel });
        const hints = new Map(all.map((documents) => [documents, new ReadyIndex(documents, { worthNodes: 1 })]));
        let now = Date.now();
        const fate = fates[Symbol.iterator]();
        for (let round = 0; round < 200 && rig.document().status === 'running'; round++) {
          now += 2_000;
          // Every lease of the round before is over: what was left silent is offered again.
          const claims = await Promise.all(
            all.map((documents, i) =>
              claimAt(rig, documents, `a${i}`, now, i === 0 ? undefined : hints.get(documents)),
            ),
          );
          const live = claims.flatMap((answer) => (answer.kind === 'claimed' ? [answer] : []));
          expect(live.length).toBeLessThanOrEqual(maxParallel);
          for (const { claim, node } of live) {
            const needs = shape.nodes.find(({ id }) => id === node)?.needs ?? [];
            expect(needs.every((need) => satisfies(rig.node(need)))).toBe(true);
            const status = fate.next().value ?? 'done';
            if (status === 'silent') continue;
            const input = { claim, status };
            await first.change((tx, ctx) => reportNode(tx, { ...ctx, now }, input), { by: BY });
          }
          const { nodes: after, counters } = rig.document();
          expect(counters).toEqual(countNodes(after));
        }
        const { nodes: records, status } = rig.document();
        if (status === 'running') throw new Error(JSON.stringify(records));
        if (status === 'finished')
          expect(Object.values(records).every((node) => node.status === 'finished')).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

async function claimAt(
  rig: RunRig,
  documents: Documents,
  agent: string,
  now: number,
  hints?: ReadyIndex,
): Promise<ClaimAnswer> {
  const input = {
    run: rig.run,
    agent: `ses-one.${agent}`,
    agentName: agent,
    performer: 'agent' as const,
  };
  const hint = hints?.hint;
  return okOf(await rig.do((tx, ctx) => claimNode(tx, { ...ctx, now }, { ...input, hint }), documents));
}
