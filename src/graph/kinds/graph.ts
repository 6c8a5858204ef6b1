// The kind `graph`: a saved graph as one node. Its nodes run inside the same run, under the node's id.

import type { Json } from '../../json/json.ts';
import type { Fault, GraphNode } from '../graph.ts';
import { commonBrief, type NodeKind } from './define.ts';
import { pathFault, referencesIn } from './references.ts';

export interface SubGraphNode extends GraphNode {
  kind: 'graph';
  /** A saved name, or a hash; a name means what it names when the run starts. */
  graph: string;
  /** What its nodes get as inputs; nothing of this graph's inputs is seen inside. */
  inputs?: Record<string, Json>;
}

export const subGraph: NodeKind<SubGraphNode> = {
  kind: 'graph',
  performer: 'engine',
  begins: 'scope',
  // Its nodes have effects, and policies of their own.
  defaultEffect: 'pure',
  fields: {
    graph: { type: 'text', max: 64, about: 'a saved name, or a hash; pinned when the run starts', unlisted: true },
    inputs: {
      type: 'map',
      of: { type: 'json' },
      about: 'what its nodes get as inputs; {"$from": path} stands for a place of {inputs, needs, item, key}',
      unlisted: true,
    },
  },
  requires: ['graph'],
  summary: 'a saved graph as one node: its nodes run inside, as node/inner',
  example: { id: 'deploy', kind: 'graph', graph: 'deploy', inputs: { tag: { $from: '$.inputs.tag' } } },

  check(node, at) {
    const faults: Fault[] = [];
    if (node.graph === undefined || node.graph.trim() === '') {
      const hint = 'save the graph with graph_check {save_as}, and give that name';
      faults.push({ code: 'graph-missing', at: `${at}/graph`, message: `"${node.id}" names no graph`, hint });
    }
    if (node.retry !== undefined) {
      const message = `"${node.id}" is a graph, which is not tried again as a whole`;
      faults.push({ code: 'retry-unused', at: `${at}/retry`, message, hint: 'give retry to the nodes inside' });
    }
    for (const path of referencesIn(node.inputs ?? {})) {
      const fault = pathFault(path, `${at}/inputs`, node.needs ?? []);
      if (fault !== undefined) faults.push(fault);
    }
    return faults;
  },

  brief: (node, facts) => ({ ...commonBrief(node, facts), goal: node.task ?? `Run the graph ${node.graph}` }),
};
