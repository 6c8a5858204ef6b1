// Measures graph rules and p-graph in one process: checking a large graph, and scheduling a run of empty nodes. Started
// by rows/graphs.ts.

import { createRequire } from 'node:module';
import { checkGraph } from '../../src/graph/check/check.ts';
import { type AnyGraph, type AnyNode, nodeKinds } from '../../src/graph/kinds/index.ts';
import { type PreparedGraph, prepare } from '../../src/graph/prepare.ts';
import { Frontier } from '../../src/graph/ready/frontier.ts';
import { serveWorker } from './protocol.ts';

interface PGraph {
  run(options: { concurrency: number }): Promise<void>;
}
const options: { task: 'check' | 'build' | 'schedule' | 'run'; nodes: number; bench: string } = JSON.parse(
  process.argv[2] ?? '{}',
);
const WIDTH = 32;
const REPEATS = 15;

/** A graph in layers of 32 nodes, each of which needs two nodes of the layer before. */
function layered(count: number): AnyGraph {
  const nodes: AnyNode[] = [];
  for (let index = 0; index < count; index += 1) {
    const layer = Math.floor(index / WIDTH);
    const before = (layer - 1) * WIDTH;
    const needs = layer === 0 ? [] : [`n${before + (index % WIDTH)}`, `n${before + ((index + 1) % WIDTH)}`];
    nodes.push({ id: `n${index}`, kind: 'agent', task: 'x', needs });
  }
  return { name: 'layered', nodes };
}

const graph = layered(options.nodes);
const { PGraph: PGraphClass } = createRequire(`${options.bench}/`)('p-graph') as {
  PGraph: new (nodes: object, edges: [string, string][]) => PGraph;
};

function build(): PGraph {
  const nodes = Object.fromEntries(graph.nodes.map(({ id }) => [id, { run: () => Promise.resolve() }]));
  const edges = graph.nodes.flatMap(({ id, needs = [] }) => needs.map((need): [string, string] => [need, id]));
  return new PGraphClass(nodes, edges);
}

/** Claims and finishes every node through the frontier, 32 at a time. */
function schedule(prepared: PreparedGraph): void {
  const frontier = new Frontier(prepared);
  const running: string[] = [];
  let done = 0;
  while (done < graph.nodes.length) {
    while (running.length < WIDTH) {
      const next = frontier.next(0);
      if (next === undefined) break;
      frontier.set(next.id, { status: 'claimed', attempt: next.attempt, fence: next.fence });
      running.push(next.id);
    }
    const id = running.shift();
    if (id === undefined) throw new Error('the run is stuck');
    frontier.set(id, { status: 'finished', attempt: 1, fence: 1 });
    done += 1;
  }
}

// Both are measured without the work that is done once per definition.
const prepared = prepare(graph, nodeKinds);

await serveWorker(async () => {
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const built = options.task === 'run' ? build() : undefined;
    const start = performance.now();
    if (options.task === 'check' && !checkGraph(graph, nodeKinds).ok) throw new Error('the graph is not sound');
    if (options.task === 'build') build();
    if (options.task === 'schedule') schedule(prepared);
    await built?.run({ concurrency: WIDTH });
    times.push(performance.now() - start);
  }
  return { times, voids: 0 };
});
