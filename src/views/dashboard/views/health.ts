// The dashboard's view of health: checks with what to do about each that is not well, and the store's own figures.

import { showId } from '../../../domain/plan/ids.ts';
import { hasEnded } from '../../../domain/run.ts';
import { type SessionFacts, statusAt } from '../../../domain/session.ts';
import { readableFacts } from '../../sessions.ts';
import { columns, type DashboardView, type Row, type Source } from '../define.ts';
import { claimRows, runsOf } from './runs.ts';
import { overdueTasks } from './tasks.ts';

const CHECK_COLUMNS = columns({ check: 'text', state: 'status', found: 'text', next: { kind: 'text', spare: 1 } });
const STORE_COLUMNS = columns({
  kind: 'text',
  durability: 'text',
  seq: { kind: 'count', grows: true },
  commits: { kind: 'count', grows: true },
  events: { kind: 'count', grows: true },
  void_lines: { kind: 'count', grows: true },
  torn_lines: { kind: 'count', grows: true },
  segments: 'count',
  size_bytes: { kind: 'bytes', title: 'log size' },
});
const DOCUMENT_COLUMNS = columns({ kind: 'text', documents: 'count' });

/** More lines lost than won for every two: writers stand in each other's way. */
const VOID_RATIO = 0.5;
/** Of fewer commits no ratio says anything. */
const FEW_COMMITS = 100;
const HOUR_MS = 3_600_000;

type State = 'ok' | 'warn' | 'bad';
type Check = [check: string, state: State, found: string, next?: string];

export const health: DashboardView = {
  name: 'health',
  title: 'Health',
  needsLog: true,
  sections: (source) => [
    { name: 'checks', title: 'Checks', columns: CHECK_COLUMNS, rows: checkRows(source) },
    { name: 'store', title: 'Store', columns: STORE_COLUMNS, rows: [storeRow(source)], facts: true, half: true },
    { name: 'documents', title: 'Documents', columns: DOCUMENT_COLUMNS, rows: documentRows(source), half: true },
  ],
  hint: (source) => {
    const worst = checkRows(source)[0];
    return worst?.state === 'ok' || worst?.next === undefined ? undefined : String(worst.next);
  },
};

/** The worst first. Each that is not well names what to call or run. */
export function checkRows(source: Source): Row[] {
  const rank: Record<State, number> = { bad: 0, warn: 1, ok: 2 };
  const checks = [...storeChecks(source), ...runChecks(source), ...sessionChecks(source), taskCheck(source)];
  checks.sort((a, b) => rank[a[1]] - rank[b[1]]);
  return checks.map(([check, state, found, next]) => ({
    check,
    state,
    found,
    ...(next === undefined ? {} : { next }),
  }));
}

function storeChecks({ store, log }: Source): Check[] {
  const checks: Check[] = [
    store.stopped === undefined
      ? ['writing', 'ok', 'the store can be written']
      : ['writing', 'bad', `stopped: ${store.stopped.code}`, 'baton doctor'],
    store.durability === 'fsync'
      ? ['durability', 'ok', 'what is answered survives a power loss']
      : ['durability', 'warn', 'a power loss may take back what was answered', '--durability fsync'],
  ];
  if (log === undefined) return checks;
  const lost = log.commits + log.void_lines < FEW_COMMITS ? 0 : log.void_lines / Math.max(1, log.commits);
  const found = `${log.void_lines} void lines to ${log.commits} commits`;
  checks.push(lost > VOID_RATIO ? ['contention', 'warn', found, 'events_query {}'] : ['contention', 'ok', found]);
  checks.push(
    log.torn_lines === 0
      ? ['log', 'ok', 'no torn lines']
      : ['log', 'warn', `${log.torn_lines} torn lines`, 'baton doctor'],
  );
  return checks;
}

function runChecks(source: Source): Check[] {
  const all = runsOf(source);
  const stuck = all.filter(({ status }) => status === 'stuck');
  const open = all.filter(({ status }) => !hasEnded(status));
  const lapsed = claimRows(source, all).filter(({ state }) => state === 'unverifiable');
  const [first] = stuck;
  const [claim] = lapsed;
  return [
    first === undefined
      ? ['runs', 'ok', `${open.length} open, none stuck`]
      : [
          'runs',
          'bad',
          `${stuck.length} stuck: ${first.id}`,
          `run_status {"run": "${first.id}", "status": "needs_decision"}`,
        ],
    claim === undefined
      ? ['leases', 'ok', 'no claim is past its lease']
      : ['leases', 'warn', `${lapsed.length} past their lease: ${claim.node}`, `run_claim {"run": "${claim.run}"}`],
  ];
}

function sessionChecks({ view, now, presence, project }: Source): Check[] {
  const all = view.streams('session/').flatMap((stream) => {
    const facts = readableFacts(view, stream);
    return facts?.project === project.id ? [facts] : [];
  });
  const overdue = all.filter((facts) => facts.status !== 'expired' && isExpired(facts, now, presence));
  const offers = all.flatMap((facts) =>
    facts.handoffs.filter(({ state, offered_at }) => state === 'offered' && now - Date.parse(offered_at) > HOUR_MS),
  );
  const [offer] = offers;
  return [
    overdue.length === 0
      ? ['sessions', 'ok', 'none is past its time']
      : ['sessions', 'warn', `${overdue.length} past their time`, 'session_cleanup {}'],
    offer === undefined
      ? ['handoffs', 'ok', 'none waits for long']
      : ['handoffs', 'warn', `${offers.length} wait for more than an hour`, `session_start {"handoff": "${offer.id}"}`],
  ];
}

function taskCheck(source: Source): Check {
  const [first, ...others] = overdueTasks(source);
  if (first === undefined) return ['tasks', 'ok', 'none stands still for too long'];
  const found = `${others.length + 1} stand still for too long: ${showId(first.id)}`;
  return ['tasks', 'warn', found, `plan_list {"kind": "task", "status": "${first.status}"}`];
}

function isExpired(facts: Readonly<SessionFacts>, now: number, presence: Source['presence']): boolean {
  return statusAt(facts, now, (who) => presence.lastSeen(who)) === 'expired';
}

function storeRow({ view, store, log }: Source): Row {
  const { kind, durability } = store;
  if (log === undefined) return { kind, durability, seq: view.seq };
  const { commits, events, void_lines, torn_lines, segments, size_bytes } = log;
  return { kind, durability, seq: view.seq, commits, events, void_lines, torn_lines, segments, size_bytes };
}

/** How many documents of each kind there are, in the whole store. */
function documentRows({ view }: Source): Row[] {
  const counts = new Map<string, number>();
  for (const stream of view.streams('')) {
    const kind = stream.slice(0, Math.max(0, stream.indexOf('/'))) || stream;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([kind, documents]) => ({ kind, documents }));
}
