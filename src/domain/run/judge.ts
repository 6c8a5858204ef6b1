// The nodes of gates: which gate they judge for, who may, and what a report of theirs has to bring. Pure reading; used
// by the commands on runs.

import { type AnyGate, gateKinds } from '../../graph/gates/index.ts';
import { isObject, type Json } from '../../json/json.ts';
import type { ClaimInput } from './fit.ts';
import type { NodeRecord } from './record.ts';
import type { RunScope } from './scope.ts';
import type { Place, RunTree } from './tree.ts';

/** The gate for which a node judges; undefined for any other node. */
export function gateOf(tree: RunTree, { scope, id }: Place): AnyGate | undefined {
  if (scope.record?.kind !== 'gates') return undefined;
  const [name] = id.slice(scope.prefix.length).split('@');
  return (tree.place(scope.record.of)?.node.gates as AnyGate[] | undefined)?.find((gate) => gate.id === name);
}

/** The full ids of the nodes that judge for a gate. */
export function judgesOf(gate: AnyGate, prefix: string): string[] {
  return (gateKinds.get(gate.kind)?.nodes?.(gate) ?? []).map(({ id }) => prefix + id);
}

/** Why the caller may not judge; undefined if it may, or the node judges nothing. */
export function barredJudge(scope: RunScope, place: Place, input: ClaimInput): string | undefined {
  const gate = gateOf(scope.tree(), place);
  if (gate?.kind !== 'review') return undefined;
  const authors = scope.record(place.scope.record?.of ?? '')?.authors ?? [];
  if (authors.some(({ agent }) => agent === input.agent)) return 'it reviews what this agent did';
  if (gate.reviewer === 'session' && authors.some(({ session }) => session === input.session))
    return 'it is for an agent of another session than the authors';
  if (gate.who !== undefined && !gate.who.includes(input.agentName)) return `it is for ${gate.who.join(', ')}`;
  const others = judgesOf(gate, place.scope.prefix).filter((id) => id !== place.id);
  const isTaken = others.some((id) => scope.record(id)?.agent === input.agent);
  return isTaken ? 'this agent reviews it already' : undefined;
}

/** Whether the caller of a command is an author of the work, and no person. */
export function isAuthor({ ctx: { by } }: RunScope, work: Readonly<NodeRecord> | undefined): boolean {
  if (by.grade === 'person') return false;
  return (work?.authors ?? []).some(({ session, name }) => session === by.session && name === (by.agent ?? 'main'));
}

/** What a reviewer has to bring; undefined if the report is fit for its gate. */
export function unfitVerdict(scope: RunScope, place: Place | undefined, output: Json | undefined): string | undefined {
  if (place === undefined || gateOf(scope.tree(), place)?.kind !== 'review') return undefined;
  const verdict = isObject(output ?? null) ? (output as { verdict?: Json }).verdict : undefined;
  return verdict === 'pass' || verdict === 'fail' ? undefined : 'give {"verdict": "pass" or "fail", "findings"?}';
}

/** Whether a failed report of a judge is a verdict: a program that ran to its end has one. */
export function isVerdict({ scope }: Place, output: Json | undefined): boolean {
  return scope.record?.kind === 'gates' && exitCodeOf(output) !== undefined;
}

export function exitCodeOf(output: Json | undefined): number | undefined {
  const code = isObject(output ?? null) ? (output as { exit_code?: Json }).exit_code : undefined;
  return typeof code === 'number' ? code : undefined;
}
