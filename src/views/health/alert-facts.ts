// Collects the facts that alerts.ts judges, from documents and presence. Used by app/view-source.ts, and by the verb
// statusline, which does not read the log.

import type { View } from '../../documents/documents.ts';
import { statusAt } from '../../domain/session/document.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { leaseEnd } from '../../graph/ready/run-node.ts';
import type { Presence, StoreInfo } from '../../store/port.ts';
import type { PlanFacts } from '../plan/plan-index.ts';
import { configOf } from '../project/settings.ts';
import { type ClaimedNode, claimedNodes, openRuns } from '../run/runs.ts';
import { standingOf } from '../run/standing.ts';
import { claimState, onceServed } from '../session/claims.ts';
import { allSessions } from '../session/sessions.ts';
import { openEscalations } from '../team/escalations.ts';
import { lockHolders } from '../team/locks.ts';
import type { AlertFacts, Ownerless } from './alerts.ts';

/** How long after its last call a session that no process serves counts as gone. */
const UNSEEN_MS = 60_000;
/** The most tasks of one status that are checked; a project rarely has more in work. */
const MAX_TASKS = 1_000;

export interface AlertSource {
  view: View;
  now: number;
  presence: Pick<Presence, 'lastSeen'>;
  /** Names in presence that live processes are attached to. */
  served(): ReadonlySet<string>;
  graph(hash: string): RunGraph | undefined;
  project: { id: string };
  store: StoreInfo;
  plan(): PlanFacts;
  log?: { commits: number; void_lines: number; torn_lines: number; escalations: readonly string[] } | undefined;
}

/** The facts of one project. Without `log`, facts of the log and of escalations are absent. */
export function alertFacts(source: AlertSource): AlertFacts {
  const { view, now, presence, project, store, plan, log } = source;
  const lastSeen = (who: string): number | undefined => presence.lastSeen(who);
  const { alerts, global_settings } = configOf(view, project.id);
  const runs = openRuns(view, project.id);
  const claimed = [...claimedNodes(runs)];
  const claims = claimed.map(({ run, id, node }) => {
    return { run: run.id, node: id, lapsed: leaseEnd(node, node.lease_ms ?? 0, now, lastSeen) <= now };
  });
  const tokens = Math.max(0, ...runs.map((run) => run.tokens ?? 0));
  const sessions = allSessions(view, project.id);
  const { tasks } = plan();
  return {
    now,
    alerts,
    tokenBudget: global_settings.token_budget,
    store,
    log,
    runs: runs.map((run) => {
      const { status, unserved } = standingOf(run, source);
      return { id: run.id, status, unserved };
    }),
    claims,
    ownerless: ownerless(source, claimed),
    tokens,
    sessionsOverdue: sessions.filter(
      (facts) => facts.status !== 'expired' && statusAt(facts, now, lastSeen) === 'expired',
    ).length,
    offers: sessions.flatMap(({ handoffs }) =>
      handoffs.flatMap(({ id, state, offered_at }) =>
        state === 'offered' ? [{ id, offeredAt: Date.parse(offered_at) }] : [],
      ),
    ),
    tasks: (['blocked', 'review', 'active'] as const).flatMap((status) =>
      tasks
        .set(project.id, status)
        .first(MAX_TASKS)
        .map(({ id, since }) => ({ id, status, since })),
    ),
    escalations: log && openEscalations(view, log.escalations, { project: project.id, now, presence }),
  };
}

/**
 * Claims whose window is gone while their lease lasts, and locks of sessions that no process serves and that nobody has
 * called in for a while: a person on the command line is served by none.
 */
function ownerless(
  { view, now, presence, project, served }: AlertSource,
  claimed: readonly ClaimedNode[],
): Ownerless[] {
  const lastSeen = (who: string): number | undefined => presence.lastSeen(who);
  const alive = onceServed({ served });
  const claims = claimed.flatMap(({ id, node }): Ownerless[] => {
    const { state, end } = claimState(node, now, lastSeen, alive);
    if (state === 'held' || end <= now || node.session === undefined) return [];
    return [{ kind: 'claim', id, session: node.session }];
  });
  const isGone = (session: string): boolean =>
    now - (lastSeen(session) ?? 0) >= UNSEEN_MS && alive()?.has(session) === false;
  const locks = lockHolders(view, { project: project.id, now, presence }).flatMap(({ lock, session }): Ownerless[] =>
    isGone(session) ? [{ kind: 'lock', id: lock, session }] : [],
  );
  return [...claims, ...locks];
}
