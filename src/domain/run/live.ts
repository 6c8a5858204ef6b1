// The claimed nodes of a run. The run lists them, so that a search for an agent's or a session's claims reads the
// claims, not up to 20,000 records. Pure.

import { countOf } from '../../graph/ready/outcome.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { PatchOp } from '../../json/patch.ts';
import { formatPointer } from '../../json/pointer.ts';
import type { RunDocument } from './document.ts';
import type { RecordOf } from './record.ts';

type Listing = Pick<RunDocument, 'live' | 'counters' | 'nodes'>;

/** Ids of the claimed nodes as in the run's document. */
export function liveIds(run: Readonly<Listing>): string[] {
  return listed(run) ?? Object.keys(run.nodes).filter((id) => run.nodes[id]?.status === 'claimed');
}

/** The claimed nodes with their records. */
export function liveNodes(run: Readonly<Listing>): [string, Readonly<RecordOf<'claimed'>>][] {
  return liveIds(run).flatMap((id): [string, Readonly<RecordOf<'claimed'>>][] => {
    const node = run.nodes[id];
    return node?.status === 'claimed' ? [[id, node]] : [];
  });
}

/** The operations that keep the list in step with one node's change of status. To be applied in the same event. */
export function liveOps(
  run: Readonly<Listing>,
  id: string,
  before: NodeStatus | undefined,
  next: NodeStatus,
): PatchOp[] {
  const was = before === 'claimed';
  const is = next === 'claimed';
  if (listed(run) === undefined) {
    const ids = new Set(liveIds(run));
    if (is) ids.add(id);
    else ids.delete(id);
    return [{ op: 'add', path: '/live', value: Object.fromEntries([...ids].map((one) => [one, true])) }];
  }
  const path = formatPointer(['live', id]);
  if (was === is) return [];
  return [is ? { op: 'add', path, value: true } : { op: 'remove', path }];
}

/**
 * The list, if it is complete; undefined otherwise. An older program does not know the list and leaves it stale when it
 * gives or ends a claim, but it keeps the counters: if all listed nodes are claimed and as many as counted, none is
 * missing.
 */
function listed({ live, counters, nodes }: Readonly<Listing>): string[] | undefined {
  if (live === undefined) return undefined;
  const ids = Object.keys(live);
  const right = ids.length === countOf(counters, 'claimed') && ids.every((id) => nodes[id]?.status === 'claimed');
  return right ? ids : undefined;
}
