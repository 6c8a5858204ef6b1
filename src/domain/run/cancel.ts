// Cancels nodes of a run, inner scopes with them, in one commit: their claims have lost their fences before anyone is
// told. Called by control.ts, close.ts and await.ts.

import { formatPointer } from '../../json/pointer.ts';
import { runStream } from './document.ts';
import type { Draft, NodeRecord } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';

/** Cancels whatever has begun and not ended among the nodes whose id begins so; all of them with an empty prefix. */
export function cancelBelow(scope: RunScope, prefix: string): void {
  for (const [id, node] of Object.entries(scope.run.nodes)) if (id.startsWith(prefix)) cancelNode(scope, id, node);
  closeBelow(scope, prefix);
}

/** Cancels one node; the holder of a claim learns it at its next report. Does nothing if the node has ended. */
export function cancelNode(scope: RunScope, id: string, node: Readonly<NodeRecord>): void {
  const next = cancelled(node, scope.ctx.now);
  if (next !== undefined) transition(scope, id, next, 'node.cancelled');
}

function cancelled(node: Readonly<NodeRecord>, now: number): Draft | undefined {
  const ended = { status: 'cancelled' as const, ended_at: now };
  switch (node.status) {
    case 'claimed':
    case 'needs_decision': {
      const { lease_until: _, lease_ms: __, run_until: ___, total_until: ____, ...kept } = node;
      return { ...kept, ...ended };
    }
    case 'retrying': {
      const { not_before: _, ...kept } = node;
      return { ...kept, ...ended };
    }
    case 'open':
    case 'gating':
      return { ...node, ...ended };
    case 'awaiting': {
      const { until: _, signal: __, question: ___, ...kept } = node;
      return { ...kept, ...ended };
    }
    case 'finished':
    case 'failed':
    case 'skipped':
    case 'cancelled':
      return undefined;
  }
}

/** Closes the scopes whose prefix begins so. */
export function closeBelow(scope: RunScope, prefix: string): void {
  const { tx, run } = scope;
  const open = Object.entries(run.scopes ?? {}).filter(([one, { ended }]) => one.startsWith(prefix) && ended !== true);
  if (open.length === 0) return;
  const ops = open.map(([one]) => ({ op: 'add' as const, path: formatPointer(['scopes', one, 'ended']), value: true }));
  tx.patch(runStream(run.id), { type: 'scopes.closed', data: { count: open.length } }, ops);
}
