// What a claim asks for and answers, and whether a node is for the one who asks. Used by claim.ts and why-not.ts.

import type { RunGraph } from '../../graph/definition.ts';
import type { Performer } from '../../graph/graph.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import type { RunDocument } from './document.ts';
import type { ProcessId } from './record.ts';
import type { RunScope } from './scope.ts';

export interface ClaimInput {
  run: string;
  /** Presence key: see `agentKey`. */
  agent: string;
  agentName: string;
  session?: string | undefined;
  /** Only this node. */
  node?: string | undefined;
  /** Who asks: only nodes of kinds that they perform are for them. */
  performer: Performer;
  skills?: readonly string[] | undefined;
  /** Answer with the claim that this agent already holds, if there is one. */
  again?: boolean;
  /** What else must hold of a node: whether the server that asks may perform it. Contract: pure. */
  admits?: (node: AnyNode) => boolean;
  server?: ProcessId | undefined;
  /** Which node to look at first. What it says is checked; without it, or if it is wrong, all nodes are looked at. */
  hint?:
    | ((
        run: Readonly<RunDocument>,
        graph: RunGraph,
        now: number,
        suits: (node: AnyNode) => boolean,
      ) => string | undefined)
    | undefined;
}

/** `limit`: as many claims are held as the project allows. `budget`: the run's tokens are spent. */
export type None = 'all_blocked' | 'all_claimed' | 'limit' | 'budget' | 'paused' | 'finished';

export type ClaimAnswer =
  | { kind: 'claimed'; claim: string; run: string; node: string; attempt: number; fence: number; again: boolean }
  /** `until`: when time alone may change it. */
  | { kind: 'none'; none: None; why: string; left: number; until?: number };

const PERFORMERS: Record<Performer, string> = {
  agent: 'an agent',
  server: 'a server',
  person: 'a person',
  engine: 'the run itself',
};

/** Why a node is not for this agent; undefined if it is. */
export function ineligibleReason(scope: RunScope, input: ClaimInput, id: string): string | undefined {
  const { index, graph } = scope.graph.prepared;
  const node = graph.nodes[index.get(id) ?? -1];
  const kind = node === undefined ? undefined : nodeKinds.get(node.kind);
  if (node === undefined || kind?.performer !== input.performer)
    return `it is for ${PERFORMERS[kind?.performer ?? 'agent']}`;
  if (input.admits?.(node) === false) return 'this server may not run it';
  if (scope.record(id)?.excluded?.includes(input.agent)) return 'this agent has said that it cannot do it';
  const { agent, skills = [] } = kind.wanted?.(node) ?? {};
  if (agent !== undefined && agent !== input.agentName) return `it is for the agent "${agent}"`;
  const missing = skills.filter((skill) => !input.skills?.includes(skill));
  return missing.length === 0 ? undefined : `it takes the skills ${missing.join(', ')}`;
}
