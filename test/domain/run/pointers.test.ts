// Ids of nodes in JSON Pointers: whatever a node is called, its record, its claim in the project's list and the ready
// index are found again. Seeds are printed on failure.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReadyIndex } from '../../../src/app/ready-index.ts';
import { type PoolDocument, poolStream } from '../../../src/domain/resource/pool.ts';
import { controlRun } from '../../../src/domain/run/control.ts';
import { nodeAt, nodePointer } from '../../../src/domain/run/document.ts';
import { moveClaims } from '../../../src/domain/run/handoff.ts';
import { countNodes } from '../../../src/graph/ready/outcome.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

/** Names with every separator that a claim or a scope uses, and what a pointer escapes. */
const names = fc
  .tuple(fc.constantFrom('a', 'b', '0'), fc.array(fc.constantFrom(...'ab01/~@!:.-_'), { maxLength: 8 }))
  .map(([first, rest]) => first + rest.join(''));

test('property: a pointer to a node leads back to it', () => {
  fc.assert(
    fc.property(names, fc.constantFrom(undefined, 'lease_until'), (node, member) => {
      expect(nodeAt(nodePointer(node, member))).toEqual({ node, whole: member === undefined });
    }),
  );
  expect(nodeAt('/counters/claimed')).toBeUndefined();
  expect(nodeAt('')).toBeUndefined();
});

test('property: nodes of any name are claimed, listed, moved, ended and seen by the ready index', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(names, { minLength: 1, maxLength: 5 }), async (ids) => {
      const rig = new RunRig([work('plain')]);
      // A definition of today may not use these ids: scopes will.
      const graph = rig.graphs.put({ name: 'any', nodes: ids.map((id) => work(id, [], { timeouts: { lease_s: 1 } })) });
      const index = new ReadyIndex(rig.documents, { worthNodes: 1 });
      await rig.start({ graph: graph.hash });
      const { hint } = index;
      const listed = () =>
        rig.documents.peek((view) => Object.keys(view.get<PoolDocument>(poolStream('prj'))?.held ?? {}));
      const claims = await Promise.all(ids.map((_, at) => rig.claimed({ hint, agent: `ses-one.a${at}` })));
      expect(Object.keys(rig.document().nodes).sort()).toEqual([...ids].sort());
      expect(listed().sort()).toEqual(ids.map((id) => `${rig.run}.${id}`).sort());
      const taken = rig.document();
      for (const id of ids) expect(claims).toContain(taken.nodes[id]?.claim);
      const moved = okOf(
        await rig.do((tx, ctx) => ({
          ok: true,
          value: moveClaims(tx, ctx, { from: 'ses-one', to: 'ses-two', runs: [rig.run] }),
        })),
      );
      expect(moved.claims.map(({ node }) => node).sort()).toEqual([...ids].sort());
      for (const node of ids) {
        const control = { run: rig.run, action: 'skip_node' as const, node };
        okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, control)));
      }
      expect(listed()).toEqual([]);
      const { nodes, counters, status } = rig.document();
      expect(counters).toEqual(countNodes(nodes));
      expect(status).toBe('finished');
      expect(
        rig.documents.peek((view) => index.next(view.get(`run/${rig.run}`) as never, graph, rig.clock.now, () => true)),
      ).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});
