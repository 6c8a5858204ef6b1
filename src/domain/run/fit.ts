// The input and answer of a claim, whether a node is for the caller, and which comes first. Used by claim.ts,
// why-not.ts and followers.

import type { RunGraph } from '../../graph/definition.ts';
import type { Performer } from '../../graph/graph.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import type { Candidate } from '../../graph/ready/ready.ts';
import type { RunDocument } from './document.ts';
import { barredJudge } from './judge.ts';
import { waitingSince } from './ready-in.ts';
import type { ProcessId } from './record.ts';
import type { RunScope } from './scope.ts';
import type { Wait } from './waits.ts';

export interface ClaimInput {
  run: string;
  /** Presence key: see `agentKey`. */
  agent: string;
  agentName: string;
  /** Further names by which plans may mean the caller, in lower case. */
  alsoNamed?: readonly string[] | undefined;
  session?: string | undefined;
  /** The caller's server announces itself under `agent`. */
  window?: true | undefined;
  /** Only this node. */
  node?: string | undefined;
  /** The performer that the caller is: only nodes of kinds with this performer are for it. */
  performer: Performer;
  skills?: readonly string[] | undefined;
  /** How large a brief the caller takes: kept with the claim. */
  maxTokens?: number | undefined;
  /** Not this node: the caller has just given it back. */
  except?: string | undefined;
  /** Answer with the claim that this agent holds already, if there is one. */
  again?: boolean;
  /** A further condition on nodes: whether the asking server may run it. Contract: pure. */
  admits?: (node: AnyNode) => boolean;
  server?: ProcessId | undefined;
  /**
   * Whom a node is planned for, as the caller saw it; absent if no node is. It decides the order of ready nodes alone,
   * so the commit does not expect the plan of all of them.
   */
  planned?: ((node: string) => string | undefined) | undefined;
  /** Suggests the node to examine first. The suggestion is checked; without a valid one all nodes are examined. */
  hint?:
    | ((
        run: Readonly<RunDocument>,
        graph: RunGraph,
        now: number,
        suits: (node: AnyNode) => boolean,
      ) => string | undefined)
    | undefined;
}

/** Why there is no claim. `limit`: the project allows no more claims at once. `budget`: the run's tokens are spent. */
export type None = 'all_blocked' | 'all_claimed' | 'limit' | 'budget' | 'paused' | 'finished';

export type ClaimAnswer =
  | { kind: 'claimed'; claim: string; run: string; node: string; attempt: number; fence: number; again: boolean }
  /** `until`: when time alone may change it, in ms since the epoch. `waits`: what all the others wait for. */
  | { kind: 'none'; none: None; why: string; left: number; until?: number; waits?: Wait[] };

const PERFORMERS: Record<Performer, string> = {
  agent: 'an agent',
  server: 'a server',
  person: 'a person',
  engine: 'the run itself',
};

/** Why a node is not for this caller; undefined if it is. */
export function ineligibleReason(scope: RunScope, input: ClaimInput, id: string): string | undefined {
  const place = scope.place(id);
  const node = place?.node;
  const kind = node === undefined ? undefined : nodeKinds.get(node.kind);
  if (place === undefined || node === undefined || kind?.performer !== input.performer)
    return `it is for ${PERFORMERS[kind?.performer ?? 'agent']}`;
  if (input.admits?.(node) === false) return 'this server may not run it';
  if (id === input.except) return 'you have just given it back';
  if (scope.record(id)?.excluded?.includes(input.agent)) return 'this agent has said that it cannot do it';
  const barred = barredJudge(scope, place, input);
  if (barred !== undefined) return barred;
  const { agent, skills = [], fallback } = kind.wanted?.(node) ?? {};
  if (fallback !== undefined && fallback === input.agentName && isLate(scope, id)) return undefined;
  if (agent !== undefined && agent !== input.agentName) return `it is for the agent "${agent}"`;
  const missing = skills.filter((skill) => !input.skills?.includes(skill));
  return missing.length === 0 ? undefined : `it takes the skills ${missing.join(', ')}`;
}

/** Whether nobody has taken the node within its time, so that its fallback may. */
function isLate(scope: RunScope, id: string): boolean {
  return waitingSince(scope.tree()).some((one) => one.id === id && one.fallback <= scope.ctx.now);
}

/** The order of ready nodes for this caller: those planned for it, those of nobody, then those of others. */
export function byPlan({ planned, agentName, alsoNamed = [] }: ClaimInput, nodes: readonly Candidate[]): Candidate[] {
  const own = new Set([agentName.toLowerCase(), ...alsoNamed]);
  const placeOf = ({ id }: Candidate): number => {
    const name = planned?.(id)?.toLowerCase();
    if (name === undefined) return 1;
    return own.has(name) ? 0 : 2;
  };
  return planned === undefined ? [...nodes] : [...nodes].sort((a, b) => placeOf(a) - placeOf(b));
}
