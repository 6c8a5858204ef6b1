// Health checks: each rule at its threshold and just below it; every check that is not ok names a call that exists.

import { expect, test } from 'vitest';
import type { Failure } from '../../../src/failure/failure.ts';
import { tools } from '../../../src/tools/index.ts';
import { type AlertFacts, checksOf } from '../../../src/views/health/alerts.ts';
import { standsTooLong } from '../../../src/views/plan/overdue.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-01-10T00:00:00Z');

function facts(more: Partial<AlertFacts> = {}): AlertFacts {
  return {
    now: NOW,
    alerts: { blocked_hours: 24, idle_hours: 48 },
    tokenBudget: 1_000,
    store: { durability: 'fsync' },
    log: { commits: 100, void_lines: 0, torn_lines: 0 },
    runs: [],
    claims: [],
    ownerless: [],
    tokens: 0,
    sessionsOverdue: 0,
    offers: [],
    tasks: [],
    escalations: [],
    ...more,
  };
}

/** The names of what is not well. */
const alarms = (more: Partial<AlertFacts>) =>
  checksOf(facts(more)).flatMap(({ check, state }) => (state === 'ok' ? [] : [`${check} ${state}`]));

const task = (status: 'blocked' | 'active' | 'review' | 'todo' | 'done', hours: number) => ({
  id: `tsk-${hours}`,
  status,
  since: NOW - hours * HOUR,
});

test('a quiet project has every check, and all are well', () => {
  const checks = checksOf(facts());
  expect(checks).toHaveLength(13);
  expect(checks.every(({ state, next }) => state === 'ok' && next === undefined)).toBe(true);
  // Without the log what it says is not known, rather than well.
  expect(checksOf(facts({ log: undefined, escalations: undefined }))).toHaveLength(10);
});

test.each<[string, Partial<AlertFacts>, Partial<AlertFacts>]>([
  ['blocked warn', { tasks: [task('blocked', 23.99)] }, { tasks: [task('blocked', 24)] }],
  ['idle warn', { tasks: [task('active', 47.99)] }, { tasks: [task('active', 48)] }],
  ['idle warn', { tasks: [task('review', 47.99)] }, { tasks: [task('review', 48)] }],
  [
    'blocked warn',
    { tasks: [task('blocked', 3)], alerts: { blocked_hours: 4, idle_hours: 1 } },
    { tasks: [task('blocked', 3)], alerts: { blocked_hours: 3, idle_hours: 100 } },
  ],
  ['tokens warn', { tokens: 799 }, { tokens: 800 }],
  [
    'escalations warn',
    { escalations: [{ message: 'm.1', at: NOW - HOUR + 1 }] },
    { escalations: [{ message: 'm.1', at: NOW - HOUR }] },
  ],
  [
    'handoffs warn',
    { offers: [{ id: 'h', offeredAt: NOW - HOUR + 1 }] },
    { offers: [{ id: 'h', offeredAt: NOW - HOUR }] },
  ],
  [
    'leases warn',
    { claims: [{ run: 'r', node: 'n', lapsed: false }] },
    { claims: [{ run: 'r', node: 'n', lapsed: true }] },
  ],
  ['runs bad', { runs: [{ id: 'r', status: 'paused' }] }, { runs: [{ id: 'r', status: 'stuck' }] }],
  ['holders warn', {}, { ownerless: [{ kind: 'lock', id: 'db', session: 'ses-1' }] }],
  ['sessions warn', {}, { sessionsOverdue: 1 }],
  ['durability warn', {}, { store: { durability: 'none' } }],
  ['writing bad', {}, { store: { durability: 'fsync', stopped: { code: 'cancelled' } as Failure } }],
  ['log warn', {}, { log: { commits: 100, void_lines: 0, torn_lines: 1 } }],
  [
    'contention warn',
    { log: { commits: 100, void_lines: 50, torn_lines: 0 } },
    { log: { commits: 100, void_lines: 51, torn_lines: 0 } },
  ],
  // A handful of lines says nothing.
  [
    'contention warn',
    { log: { commits: 40, void_lines: 59, torn_lines: 0 } },
    { log: { commits: 40, void_lines: 60, torn_lines: 0 } },
  ],
])('%s exactly from its threshold on', (alarm, below, at) => {
  expect(alarms(below)).toEqual([]);
  expect(alarms(at)).toEqual([alarm]);
});

test('the worst come first, and the longest standing is named', () => {
  const tasks = [task('blocked', 30), task('blocked', 40), task('blocked', 35)];
  const checks = checksOf(facts({ tasks, runs: [{ id: 'run-1', status: 'stuck' }] }));
  expect(checks.map(({ check, found }) => [check, found]).slice(0, 2)).toEqual([
    ['runs', '1 stuck: run-1'],
    ['blocked', '3 blocked for 24 h or more: TSK-40'],
  ]);
});

test('tasks that are not in work never stand still for too long', () => {
  const alerts = { blocked_hours: 1, idle_hours: 1 };
  for (const status of ['todo', 'done'] as const) expect(standsTooLong(task(status, 1_000), alerts, NOW)).toBe(false);
});

test('whatever is not well names a call that its tool takes, or a command', () => {
  const all = checksOf(
    facts({
      store: { durability: 'none', stopped: { code: 'cancelled' } as Failure },
      log: { commits: 1, void_lines: 500, torn_lines: 2 },
      runs: [{ id: 'run-1', status: 'stuck' }],
      claims: [{ run: 'run-1', node: 'a', lapsed: true }],
      ownerless: [{ kind: 'claim', id: 'a', session: 'ses-1' }],
      tokens: 5_000,
      sessionsOverdue: 3,
      offers: [{ id: 'hof-1', offeredAt: 0 }],
      tasks: [task('blocked', 100), task('review', 100)],
      escalations: [{ message: 'prj.all.1', at: 0 }],
    }),
  );
  expect(all.every(({ state }) => state !== 'ok')).toBe(true);
  for (const { check, next = '' } of all) {
    const [, name = '', args = ''] = /^([a-z]+_[a-z]+) (\{.*\})$/.exec(next) ?? [];
    if (name === '') expect(next, check).toMatch(/^(baton doctor|--durability fsync)$/);
    else {
      const tool = tools.find((one) => one.name === name);
      expect(tool?.input.safeParse(JSON.parse(args.replace('…', '1'))).success, next).toBe(true);
    }
  }
});
