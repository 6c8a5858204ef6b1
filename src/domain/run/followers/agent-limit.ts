// Keeps the project's list of agents' claims in step with nodes, and limits further claims by it. Claims of servers are
// neither listed nor limited; without a limit none is listed.

import { type HeldClaim, limitOf, listClaim } from '../../resource/pool.ts';
import { type ClaimInput, ineligibleReason } from '../fit.ts';
import { liveNodes } from '../live.ts';
import { readyIn } from '../ready-in.ts';
import type { Draft } from '../record.ts';
import type { RunScope } from '../scope.ts';
import type { Follower } from './follower.ts';

export const agentLimits: Follower = {
  limit: (scope, claim) =>
    claim.performer === 'agent'
      ? limitOf(scope.tx, scope.ctx, scope.run, claim.agentName, {
          here: () => liveNodes(scope.run).flatMap(([, record]) => heldClaim(scope.id, record) ?? []),
          ready: () => readyFor(scope, claim),
        })
      : undefined,
  after(scope, id, before, next) {
    const held = heldClaim(scope.id, next);
    // No agent holds the claim before or after: the list, which every claim of the project writes, is not even read, so
    // that it cannot cost a lost race.
    if (held === undefined && (before === undefined || heldClaim(scope.id, before) === undefined)) return;
    listClaim(scope.tx, scope.ctx, scope.run.project, { run: scope.id, node: id }, held);
  },
};

/** The nodes that the agent could take now. */
function readyFor(scope: RunScope, claim: ClaimInput): number {
  const { now, lastSeen } = scope.ctx;
  const { candidates } = readyIn(scope.tree(), { now, lastSeen, unlimited: true });
  return candidates.filter(({ id }) => ineligibleReason(scope, claim, id) === undefined).length;
}

function heldClaim(run: string, record: Readonly<Draft>): HeldClaim | undefined {
  const { status, server, claim, agent, agent_name = '', lease_ms = 0, lease_until = 0 } = record;
  if (status !== 'claimed' || server !== undefined || claim === undefined || agent === undefined) return undefined;
  return { run, name: agent_name.toLowerCase(), agent, claim, lease_ms, lease_until };
}
