// What a run waits for when there is nothing to claim: the nodes on which all others wait, each with who can clear it.
// Those that somebody can clear now come first, then those that end by themselves. Used by why-not.ts.

import { nodeKinds } from '../../graph/kinds/index.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { NodeRecord } from './record.ts';
import type { RunScope } from './scope.ts';

export interface Wait {
  node: string;
  /** Who can clear it, or when it ends, in words. */
  clears: string;
}

/** A ready node that is not for the caller, and why. */
export interface Barred {
  node: string;
  why: string;
}

/** The most nodes named: whoever reads it needs a first step, and run_status has all. */
const MAX_WAITS = 5;

/** The statuses in which others wait for a node, those that somebody can clear now first. */
const ORDER: readonly NodeStatus[] = ['needs_decision', 'awaiting', 'failed', 'claimed', 'retrying'];

/** `barred`: the ready nodes that are not for the caller, with the reason. */
export function waitsOf(scope: RunScope, barred: readonly Barred[]): Wait[] {
  const waits = barred.map(({ node, why }): Wait => ({ node, clears: whoMay(scope, node, why) }));
  const byStatus = new Map<NodeStatus, Wait[]>();
  for (const [node, record] of Object.entries(scope.run.nodes)) {
    const clears = clearedBy(scope, node, record);
    if (clears !== undefined) byStatus.set(record.status, [...(byStatus.get(record.status) ?? []), { node, clears }]);
  }
  return [...waits, ...ORDER.flatMap((status) => byStatus.get(status) ?? [])].slice(0, MAX_WAITS);
}

/** Who may take a ready node. */
function whoMay(scope: RunScope, id: string, why: string): string {
  const node = scope.place(id)?.node;
  const kind = node === undefined ? undefined : nodeKinds.get(node.kind);
  if (node === undefined || kind?.performer !== 'server') return why;
  const option = kind.admission?.(node)[0]?.[0];
  return option === undefined ? 'a server' : `a server of its workspace that was started with ${option}`;
}

function clearedBy({ id: run }: RunScope, node: string, record: Readonly<NodeRecord>): string | undefined {
  const control = (action: string): string => `run_control {run: "${run}", action: "${action}", node: "${node}"}`;
  switch (record.status) {
    case 'needs_decision':
      return `anybody's decision: ${control('decide')}`;
    case 'awaiting':
      return awaited(run, record);
    case 'failed':
      return `another try: ${control('retry_node')}, or ${control('skip_node')}`;
    case 'claimed':
      return `${record.agent_name ?? 'its holder'}, by its report${at(' before ', record.lease_until)}`;
    case 'retrying':
      return record.not_before === undefined ? undefined : `time${at(': tried again at ', record.not_before)}`;
    default:
      return undefined;
  }
}

function awaited(run: string, { question, signal, until }: Readonly<NodeRecord>): string {
  const control = (what: string): string => `run_control {run: "${run}", ${what}}`;
  if (question !== undefined)
    return `an answer: ${control(`action: "answer", question: "${question.id}"`)}${at(', until ', until)}`;
  if (signal !== undefined) return `a signal: ${control(`action: "signal", signal: "${signal}"`)}`;
  return `time${at(': until ', until)}`;
}

function at(words: string, time: number | undefined): string {
  return time === undefined ? '' : `${words}${new Date(time).toISOString()}`;
}
