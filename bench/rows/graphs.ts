// Rows of graph rules compared with p-graph: checking a graph of 10,000 nodes, and scheduling a run of empty nodes.

import { type BenchContext, interleave, median, paired, type RowGroup } from '../lib/measure.ts';
import { runFleet } from '../lib/workers.ts';

const RUN_NODES = 1_000;

async function medianOf(context: BenchContext, task: string, nodes: number): Promise<number> {
  const fleet = await runFleet(`${context.built}/graph-worker.js`, [{ task, nodes, bench: context.benchDir }]);
  return median(fleet.each[0]?.times ?? []);
}

export const graphRows: RowGroup = async (context) => {
  const check = await interleave(context.rounds, {
    own: () => medianOf(context, 'check', 10_000),
    floor: () => medianOf(context, 'build', 10_000),
  });
  const run = await interleave(context.rounds, {
    own: async () => (RUN_NODES / (await medianOf(context, 'schedule', RUN_NODES))) * 1_000,
    floor: async () => (RUN_NODES / (await medianOf(context, 'run', RUN_NODES))) * 1_000,
  });
  return [
    {
      name: 'graph_check of 10,000 nodes',
      floor: "p-graph's build of the same graph",
      budget: { op: '<=', ratio: 1 },
      unit: 'ms',
      rounds: paired(check.own, check.floor),
    },
    {
      name: 'run of 1,000 no-op nodes, 32 at once, pure scheduler',
      floor: 'p-graph',
      budget: { op: '>=', ratio: 1 },
      unit: 'nodes/s',
      rounds: paired(run.own, run.floor),
    },
  ];
};
