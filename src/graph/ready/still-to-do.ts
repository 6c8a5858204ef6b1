// Which nodes of a run somebody is still to do. Used by forecasts and by what is left of a critical path: counting a
// node that failed, or that cannot start after one, would promise work that never begins.

import type { FailurePolicy } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { isHalted } from './readiness.ts';
import { isDone, type NodeStatus, type RunNodes } from './run-node.ts';
import { survey } from './survey.ts';

const AT_WORK: ReadonlySet<NodeStatus> = new Set(['claimed', 'gating', 'open', 'awaiting', 'needs_decision']);

/** Per node: 1 if it is at work, waits for its turn, its next try or a decision. O(nodes + edges). */
export function stillToDo(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  onFailure: FailurePolicy | undefined,
): Uint8Array<ArrayBuffer> {
  const { ids, order } = prepared;
  const left = new Uint8Array(ids.length);
  const { halted, starts } = prospects(prepared, runNodes, onFailure, left);
  for (const i of order) {
    const status = runNodes[ids[i] ?? '']?.status;
    left[i] = Number(status === undefined ? starts(i) : goesOn(status, halted(i)));
  }
  return left;
}

function goesOn(status: NodeStatus, halted: boolean): boolean {
  if (status === 'retrying') return !halted;
  return AT_WORK.has(status);
}

/** Whether nodes are halted, and whether those without a record may start. `left`: of the nodes before them. */
function prospects(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  onFailure: FailurePolicy | undefined,
  left: Uint8Array,
): { halted(i: number): boolean; starts(i: number): boolean } {
  const { ids, needs, triggers } = prepared;
  if (triggers !== undefined) {
    const { verdicts, halted } = survey(prepared, runNodes, { onFailure });
    const mayStart = (i: number): boolean => verdicts[i] !== 'dead' && verdicts[i] !== 'skipped';
    return { halted: (i) => halted && triggers[i]?.errorPath !== true, starts: mayStart };
  }
  const failed = ids.filter((id) => runNodes[id]?.status === 'failed').length;
  const halted = isHalted(prepared, failed, onFailure);
  const isGood = (i: number): boolean => left[i] === 1 || isDone(runNodes[ids[i] ?? '']);
  const starts = (i: number): boolean =>
    !halted && needs.to.subarray(needs.start[i], needs.start[i + 1]).every((need) => isGood(need));
  return { halted: () => halted, starts };
}
