// How a run stands by more than its document: it is stuck while all that could go on are nodes that no running server
// admits. Derived at each look, because servers come and go without a commit. Used by run_status, run_start, resources,
// the dashboard and alerts.

import { admissionKey } from '../../domain/run/admission.ts';
import type { RunDocument, RunStatus } from '../../domain/run/document.ts';
import { readyIn } from '../../domain/run/ready-in.ts';
import { type Scope, treeOf } from '../../domain/run/tree.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import { countOf } from '../../graph/ready/outcome.ts';

/** A ready node that nobody performs, and the start option of a server that would. */
export interface Unserved {
  node: string;
  wants: string;
}

export interface Standing {
  status: RunStatus;
  unserved: readonly Unserved[];
}

interface Seen {
  now: number;
  /** The names in presence that live processes are attached to. */
  served(): ReadonlySet<string>;
  graph(hash: string): RunGraph | undefined;
}

export function standingOf(run: Readonly<RunDocument>, seen: Seen): Standing {
  const { status } = run;
  const tree = status === 'running' || status === 'stuck' ? treeOf(run, seen.graph) : undefined;
  if (tree === undefined || !tree.open().some(hasServerNodes)) return { status, unserved: [] };
  const ready = readyIn(tree, { now: seen.now, unlimited: true });
  const unserved = ready.candidates.flatMap(({ id }): Unserved[] => {
    const wants = missing(run, tree.place(id)?.node, seen);
    return wants === undefined ? [] : [{ node: id, wants }];
  });
  const isOver = unserved.length > 0 && unserved.length === ready.candidates.length;
  const canGoOn = countOf(run.counters, 'claimed') > 0 || ready.until !== undefined;
  return { status: isOver && !canGoOn ? 'stuck' : status, unserved };
}

/** For people: what the node waits for, and what helps. */
export function wordsFor({ wants }: Unserved): string {
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
