// Warns of plans that are sound and cannot go as they say: deadlines that end before the work, approvals that nobody
// may answer, work that hardly runs side by side. Called by check.ts.

import type { Fault, Graph, GraphNode } from '../graph.ts';
import type { ApprovalNode } from '../kinds/approval.ts';
import type { Measures } from '../plan/measure.ts';

/** Below this share of work that more workers can take off, a large graph is worth another look. */
const LITTLE_SHARE = 0.7;
/** Smaller graphs are often chains by nature. */
const LARGE_NODES = 8;

/** Adds the warnings of single nodes. Contract: their fields have their types. */
export function checkPlan({ nodes, defaults }: Graph, warnings: Fault[]): void {
  const agents = new Map(nodes.map((node) => [node.id, agentOf(node)]));
  for (const [i, node] of nodes.entries()) {
    const at = `/nodes/${i}`;
    const runS = node.timeouts?.run_s ?? defaults?.timeouts?.run_s;
    if (runS !== undefined && node.estimate_s !== undefined && node.estimate_s > runS)
      warnings.push(tooShort(node, runS, at));
    const wrong = isApproval(node) ? unanswerable(node, agents, at) : undefined;
    if (wrong !== undefined) warnings.push(wrong);
  }
}

/** The warning of a large graph whose work lies on one path; undefined without. */
export function littleParallel(nodes: number, { critical, total }: Measures): Fault | undefined {
  const share = total === 0 ? 1 : 1 - critical / total;
  if (nodes < LARGE_NODES || share >= LITTLE_SHARE) return undefined;
  const message = `${Math.round(100 - share * 100)} % of the work lies on one path, so more workers hardly help`;
  const hint = 'see critical_path: split its longest nodes, or drop needs that only order what could run side by side';
  return { code: 'little-parallel', at: '/nodes', message, hint };
}

function tooShort({ id, estimate_s }: GraphNode, runS: number, at: string): Fault {
  const message = `"${id}" may take ${runS} s, but is estimated at ${estimate_s} s`;
  return { code: 'deadline-impossible', at: `${at}/timeouts/run_s`, message, hint: 'give it more time, or split it' };
}

/** Nobody answers about work of its own: where all who may are the agents of what it needs, nobody is left. */
function unanswerable(node: ApprovalNode, agents: ReadonlyMap<string, string | undefined>, at: string) {
  const { id, who, needs = [] } = node;
  if (who === undefined || who.length === 0) return undefined;
  const authors = new Set(needs.map((need) => agents.get(need)));
  if (!who.every((name) => authors.has(name))) return undefined;
  const message = `"${id}" asks ${who.join(', ')} about work of their own, which nobody may approve`;
  return { code: 'approval-unanswerable', at: `${at}/who`, message, hint: 'name "person", or another agent' };
}

function isApproval(node: GraphNode): node is ApprovalNode {
  return node.kind === 'approval';
}

function agentOf(node: GraphNode & { agent?: unknown }): string | undefined {
  return typeof node.agent === 'string' ? node.agent : undefined;
}
