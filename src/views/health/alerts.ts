// Health checks, each with the call to make next: pure rules over plain facts, so that all views and the status line
// judge alike. alert-facts.ts collects the facts; app/view-source.ts and the verb statusline call `checksOf`.

import { showId } from '../../domain/plan/ids.ts';
import type { TaskStatus } from '../../domain/plan/task.ts';
import type { Alerts, GlobalSettings } from '../../domain/project/config.ts';
import type { RunStatus } from '../../domain/run/document.ts';
import type { StoreInfo } from '../../store/port.ts';
import { standsTooLong } from '../plan/overdue.ts';
import type { Unserved } from '../run/standing.ts';

export type AlertState = 'ok' | 'warn' | 'bad';

/**
 * The result of one check. `next`, with `warn` and `bad`: the call or command to make. A type, not an interface: it is
 * used as a dashboard row.
 */
export type Check = {
  check: CheckName;
  state: AlertState;
  found: string;
  next?: string;
};

export const CHECKS = [
  'writing',
  'durability',
  'contention',
  'log',
  'runs',
  'leases',
  'holders',
  'tokens',
  'sessions',
  'handoffs',
  'blocked',
  'idle',
  'escalations',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** A claim or lock whose holder is gone, and the session that it belongs to. */
export interface Ownerless {
  kind: 'claim' | 'lock';
  id: string;
  session: string;
}

/** Everything that the rules read. Times are ms since the epoch. */
export interface AlertFacts {
  now: number;
  /** The project's thresholds, with defaults. */
  alerts: Alerts;
  tokenBudget: GlobalSettings['token_budget'];
  store: Pick<StoreInfo, 'stopped' | 'durability'>;
  /** Absent if the log was not read; its checks are then left out. */
  log?: { commits: number; void_lines: number; torn_lines: number } | undefined;
  /** Runs that have not ended. */
  runs: readonly { id: string; status: RunStatus; unserved?: readonly Unserved[] }[];
  claims: readonly { run: string; node: string; lapsed: boolean }[];
  /** Claims and locks that last although the window or session that holds them is gone. */
  ownerless: readonly Ownerless[];
  /** The most tokens reported by one run that has not ended. */
  tokens: number;
  /** How many sessions have expired without a commit that says so. */
  sessionsOverdue: number;
  offers: readonly { id: string; offeredAt: number }[];
  /** Tasks that are active, in review or blocked. */
  tasks: readonly { id: string; status: TaskStatus; since: number }[];
  /** Escalations that nobody has acknowledged; absent if the log was not read. */
  escalations?: readonly { message: string; at: number }[] | undefined;
}

const HOUR_MS = 3_600_000;
/** More than one void line for every two commits: writers contend too much. */
const VOID_RATIO = 0.5;
/** With fewer lines the ratio means nothing. */
const FEW_LINES = 100;
/** A handoff or escalation that is open for longer was missed by its receiver, or the receiver is gone. */
const UNANSWERED_MS = HOUR_MS;
/** The share of the token budget from which the check warns. */
const NEARLY = 0.8;

type Rule = (facts: AlertFacts) => Check | undefined;

/** The checks that the given facts allow, the worst first. */
export function checksOf(facts: AlertFacts): Check[] {
  const rank: Record<AlertState, number> = { bad: 0, warn: 1, ok: 2 };
  const checks = RULES.flatMap((rule) => rule(facts) ?? []);
  return checks.sort((a, b) => rank[a.state] - rank[b.state]);
}

const RULES: readonly Rule[] = [
  ({ store: { stopped } }) =>
    stopped === undefined
      ? ok('writing', 'the store can be written')
      : { check: 'writing', state: 'bad', found: `stopped: ${stopped.code}`, next: 'baton doctor' },
  ({ store }) =>
    store.durability === 'fsync'
      ? ok('durability', 'what is answered survives a power loss')
      : warn('durability', 'a power loss may take back what was answered', '--durability fsync'),
  ({ log }) => {
    if (log === undefined) return undefined;
    const found = `${log.void_lines} void lines to ${log.commits} commits`;
    const tells = log.commits + log.void_lines >= FEW_LINES;
    const crowded = tells && log.void_lines > VOID_RATIO * Math.max(1, log.commits);
    return crowded ? warn('contention', found, 'events_query {}') : ok('contention', found);
  },
  ({ log }) => {
    if (log === undefined) return undefined;
    return log.torn_lines === 0
      ? ok('log', 'no torn lines')
      : warn('log', `${log.torn_lines} torn lines`, 'baton doctor');
  },
  ({ runs }) => {
    const stuck = runs.filter(({ status }) => status === 'stuck');
    const [first] = stuck;
    if (first === undefined) return ok('runs', `${runs.length} open, none stuck`);
    const found = `${stuck.length} stuck: ${first.id}`;
    const [nobody] = first.unserved ?? [];
    if (nobody?.wants !== undefined)
      return { check: 'runs', state: 'bad', found, next: `a server with ${nobody.wants}` };
    const next = `run_status {"run": "${first.id}", "status": "needs_decision"}`;
    return { check: 'runs', state: 'bad', found, next };
  },
  ({ claims }) => {
    const lapsed = claims.filter((claim) => claim.lapsed);
    const [first] = lapsed;
    if (first === undefined) return ok('leases', 'no claim is past its lease');
    return warn('leases', `${lapsed.length} past their lease: ${first.node}`, `run_claim {"run": "${first.run}"}`);
  },
  ({ ownerless }) => {
    const [first] = ownerless;
    if (first === undefined) return ok('holders', 'no claim or lock is held by a window that is gone');
    const found = `${ownerless.length} held by a window that is gone: ${first.kind} ${first.id}`;
    return warn('holders', found, `session_recover {"session": "${first.session}"}`);
  },
  ({ tokens, tokenBudget }) => {
    const found = `${tokens} of ${tokenBudget} tokens`;
    if (tokens < NEARLY * tokenBudget) return ok('tokens', found);
    return warn('tokens', found, 'project_save {"config": {"global_settings": {"token_budget": …}}}');
  },
  ({ sessionsOverdue: count }) =>
    count === 0
      ? ok('sessions', 'none is past its time')
      : warn('sessions', `${count} past their time`, 'session_cleanup {}'),
  ({ offers, now }) => {
    const waiting = offers.filter(({ offeredAt }) => now - offeredAt >= UNANSWERED_MS);
    const [first] = waiting;
    if (first === undefined) return ok('handoffs', 'none waits for long');
    const found = `${waiting.length} wait for more than an hour`;
    return warn('handoffs', found, `session_start {"handoff": "${first.id}"}`);
  },
  (facts) => standing(facts, 'blocked', ['blocked'], `blocked for ${facts.alerts.blocked_hours} h or more`),
  (facts) => standing(facts, 'idle', ['active', 'review'], `not moved for ${facts.alerts.idle_hours} h or more`),
  ({ escalations, now }) => {
    if (escalations === undefined) return undefined;
    const [first, ...others] = escalations.filter(({ at }) => now - at >= UNANSWERED_MS);
    if (first === undefined) return ok('escalations', `${escalations.length} not acknowledged, none for long`);
    const found = `${others.length + 1} not acknowledged for more than an hour`;
    return warn('escalations', found, `message_read {"thread": "${first.message}"}`);
  },
];

function standing(facts: AlertFacts, check: CheckName, statuses: readonly TaskStatus[], what: string): Check {
  const { tasks, alerts, now } = facts;
  const late = tasks.filter((task) => statuses.includes(task.status) && standsTooLong(task, alerts, now));
  const [first] = late.sort((a, b) => a.since - b.since);
  if (first === undefined) return ok(check, `no task is ${what}`);
  const next = `plan_list {"kind": "task", "status": "${first.status}"}`;
  return warn(check, `${late.length} ${what}: ${showId(first.id)}`, next);
}

function ok(check: CheckName, found: string): Check {
  return { check, state: 'ok', found };
}

function warn(check: CheckName, found: string, next: string): Check {
  return { check, state: 'warn', found, next };
}
