// The gate `approval`: somebody answers a question about the work with an option that passes it.

import type { Json } from '../../json/json.ts';
import type { GateSpec } from '../graph.ts';
import { type ApprovalNode, approval as approvalNode } from '../kinds/approval.ts';
import { type GateKind, type UncheckedGate, WAIVABLE } from './define.ts';

export interface ApprovalGate extends GateSpec {
  kind: 'approval';
  ask: string;
  options?: Record<string, Json>;
  who?: string[];
  deadline_s?: number;
  waivable?: boolean;
}

const { ask, options, who, deadline_s } = approvalNode.fields;

export const approval: GateKind<ApprovalGate> = {
  kind: 'approval',
  stage: 'persons',
  fields: { ask, options, who, deadline_s, waivable: WAIVABLE },
  requires: ['ask'],
  summary: 'a person, or another agent than the authors, approves it',
  example: { id: 'release', kind: 'approval', ask: 'Ship it?', who: ['person'] },
  check: (gate, at) => approvalNode.check(nodeOf(gate), at),
  nodes: (gate) => [nodeOf(gate) as ApprovalNode],
};

function nodeOf({ id, waivable: _, ...question }: UncheckedGate<ApprovalGate>) {
  return { ...question, id, kind: 'approval' as const };
}
