// Warnings of nodes that this server may not perform. Used by graph_check, before anything waits for them, and by
// run_start.

import type { AnyGraph } from '../../graph/kinds/index.ts';
import type { Executor } from '../../runner/executors/define.ts';
import { executors } from '../../runner/executors/index.ts';
import type { ExecutorSettings } from '../../runner/executors/settings.ts';

const MAX_LISTED = 50;

export interface RefusedNodes {
  code: string;
  nodes: string[];
  message: string;
}

export function refusedNodes(graph: AnyGraph, settings: ExecutorSettings): RefusedNodes[] {
  return [...executors.values()].flatMap((executor) => refusedBy(executor, graph, settings));
}

/**
 * The warning of nodes of an executor's kind that this server may not perform; another server of the workspace may have
 * other settings.
 */
function refusedBy(executor: Executor, graph: AnyGraph, settings: ExecutorSettings): RefusedNodes[] {
  const refused: string[] = [];
  let why = '';
  for (const node of graph.nodes) {
    const refusal = node.kind === executor.kind ? executor.refusal(node, settings) : undefined;
    if (refusal === undefined) continue;
    refused.push(node.id);
    why ||= refusal;
  }
  if (refused.length === 0) return [];
  const more = refused.length > MAX_LISTED ? ` (${refused.length} nodes in all)` : '';
  const message = `${why}${more}; they wait until a server of this workspace with ${executor.flag} admits them`;
  return [{ code: 'nobody_allows', nodes: refused.slice(0, MAX_LISTED), message }];
}
