// How a run stands by more than its document: it is stuck while all that could go on are nodes that no running server
// admits, or whose claim lapsed and must not be repeated. Derived at each look, because servers come and go, and claims
// lapse, without a commit. Used by run_status, run_start, resources,
// the dashboard and alerts.

import { admissionKey } from '../../domain/run/admission.ts';
import { isUnderWay, type RunDocument, type RunStatus } from '../../domain/run/document.ts';
import { liveNodes } from '../../domain/run/live.ts';
import { readyIn } from '../../domain/run/ready-in.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import { type Scope, treeOf } from '../../domain/run/tree.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { leaseEnd } from '../../graph/ready/run-node.ts';
import type { Presence } from '../../store/port.ts';

/**
 * A node that nobody performs. `wants`: the start option of a server that would; absent where its claim lapsed, and
 * somebody has to decide.
 */
export interface Unserved {
  node: string;
  wants?: string;
}

export interface Standing {
  status: RunStatus;
  unserved: readonly Unserved[];
}

interface Seen {
  now: number;
  presence: Pick<Presence, 'lastSeen'>;
  /** The names in presence that live processes are attached to. */
  served(): ReadonlySet<string>;
  graph(hash: string): RunGraph | undefined;
}

export function standingOf(run: Readonly<RunDocument>, seen: Seen): Standing {
  const { status } = run;
  const tree = isUnderWay(status) ? treeOf(run, seen.graph) : undefined;
  const lastSeen = (who: string): number | undefined => seen.presence.lastSeen(who);
  // A server that lives renews its claims: after a sleep or a step of the clock they only look lapsed.
  const isLapsed = (node: Readonly<NodeRecord> | undefined): boolean =>
    node !== undefined &&
    leaseEnd(node, node.lease_ms ?? 0, seen.now, lastSeen) <= seen.now &&
    !seen.served().has(node.agent ?? '');
  const lapsed = liveNodes(run).filter(([, node]) => isLapsed(node));
  if (tree === undefined || (lapsed.length === 0 && !tree.open().some(hasServerNodes))) return { status, unserved: [] };
  const ready = readyIn(tree, { now: seen.now, lastSeen, unlimited: true });
  const refused = ready.candidates.flatMap(({ id }): Unserved[] => {
    const wants = missing(run, tree.place(id)?.node, seen);
    return wants === undefined ? [] : [{ node: id, wants }];
  });
  const toDecide = ready.to_decide.filter((id) => isLapsed(run.nodes[id]));
  const unserved = [...refused, ...toDecide.map((node): Unserved => ({ node }))];
  const isOver = unserved.length > 0 && refused.length === ready.candidates.length;
  const canGoOn = countOf(run.counters, 'claimed') > lapsed.length || ready.until !== undefined;
  return { status: isOver && !canGoOn ? 'stuck' : status, unserved };
}

/** For people: what the node waits for, and what helps. */
export function wordsFor({ wants }: Unserved): string {
  if (wants === undefined)
    return 'its claim lapsed, and it may have taken effect: run_control {action: "decide"} says what became of it';
  return `no server that runs in its workspace admits it: start one with ${wants}`;
}

/** The first option that a server must be started with for this node and that no running one has. */
function missing(run: Readonly<RunDocument>, node: AnyNode | undefined, { served }: Seen): string | undefined {
  if (node === undefined) return undefined;
  const options = nodeKinds.get(node.kind)?.admission?.(node) ?? [];
  return options.find((some) => !some.some((one) => served().has(admissionKey(run.workspace, one))))?.[0];
}

const known = new WeakMap<object, boolean>();

function hasServerNodes({ prepared: { graph } }: Scope): boolean {
  const before = known.get(graph);
  if (before !== undefined) return before;
  const found = graph.nodes.some(({ kind }) => nodeKinds.get(kind)?.performer === 'server');
  known.set(graph, found);
  return found;
}
