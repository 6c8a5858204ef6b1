// Which nodes of a run are claimed. The run lists them, so that whoever asks what an agent or a session holds walks the
// claims and not the 20,000 records beside them. Pure.

import { countOf } from '../../graph/ready/outcome.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { PatchOp } from '../../json/patch.ts';
import { formatPointer } from '../../json/pointer.ts';
import type { RunDocument } from './document.ts';
import type { RecordOf } from './record.ts';

type Listing = Pick<RunDocument, 'live' | 'counters' | 'nodes'>;

/** Ids of the claimed nodes, as the run's document spells them. */
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

/** What keeps the list in step with one node's change of status. To be applied in the commit of that change. */
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
 * The list, where it is right: a program that knows no list leaves it behind when it gives or ends a claim, but every
 * program keeps the counters. As many listed nodes as are counted, each of them claimed: then there is no other.
 */
function listed({ live, counters, nodes }: Readonly<Listing>): string[] | undefined {
  if (live === undefined) return undefined;
  const ids = Object.keys(live);
  const right = ids.length === countOf(counters, 'claimed') && ids.every((id) => nodes[id]?.status === 'claimed');
  return right ? ids : undefined;
}
