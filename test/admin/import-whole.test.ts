// Imports lose nothing: what was taken and what was noted are together all that was in the source, counted in the
// source itself, for generated files of every program. Beside it the words of statuses, encodings and refusals.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/admin/import/decode.ts';
import { sourceKinds } from '../../src/admin/import/index.ts';
import { prepareTasks } from '../../src/admin/import/prepare.ts';
import { otherKind } from '../../src/admin/import/recognise.ts';
import type { Imported, SourceKind } from '../../src/admin/import/shape.ts';
import type { ImportedTask } from '../../src/domain/import/tasks.ts';
import { meaningOf, statusOf } from '../../src/domain/status-words.ts';
import { extras, mark, marksOf, statusWord } from './import-marks.ts';

type Record_ = Record<string, unknown>;
const NOW = Date.parse('2026-06-01T00:00:00Z');

function read(kind: SourceKind, name: string, text: string): { found: Imported; tasks: ImportedTask[] } {
  const found = kind.read([{ name, text }], NOW);
  return { found, tasks: prepareTasks(found, kind.uniqueKeys) };
}

const long = fc
  .tuple(mark, fc.constantFrom(1, 1, 1, 4_900, 12_000), mark)
  .map(([a, n, b]) => `${a}${'.\n'.repeat(n)}${b}`);
const id = fc.integer({ min: 1, max: 12 });
const ids = fc.array(id, { maxLength: 4 });

/** Whether each mark of the source is in a task, or belongs to a record or field that a note names. */
function expectWhole(
  records: readonly { key: string; record: Record_ }[],
  read: { found: Imported; tasks: ImportedTask[] },
) {
  const notes = [...read.found.changed, ...read.found.left];
  const taken = read.tasks.map((task) => JSON.stringify(task)).join('\n');
  const leftOut = new Map<string, number>();
  for (const { item } of read.found.left) leftOut.set(item, (leftOut.get(item) ?? 0) + 1);
  for (const { key, record } of records) {
    const lost = [...marksOf(JSON.stringify(record))].filter((one) => !taken.includes(one));
    const own = marksOf(JSON.stringify(record)).size;
    if (lost.length === 0) continue;
    expect(lost.length, `half of ${key} is lost: ${JSON.stringify(record)}`).toBe(own);
    expect(leftOut.get(key) ?? 0, `${key} is lost: ${JSON.stringify(record)}`).toBeGreaterThan(0);
    leftOut.set(key, (leftOut.get(key) ?? 0) - 1);
  }
  for (const task of read.tasks) if (task.status === 'blocked') expect(task.blocked_reason).toBeTruthy();
  return notes.map(({ item, why }) => `${item} ${why}`).join('\n');
}

/** Whether each need that the source names is a need here, or is named by a note. */
function expectNeeds(edges: readonly [from: string, to: string][], notes: string, tasks: readonly ImportedTask[]) {
  for (const [from, to] of edges) {
    const mine = tasks.filter(({ key }) => key === from || key.startsWith(`${from}#`));
    if (mine.length === 0) continue;
    const kept = mine.some(({ needs }) => needs.some((need) => need === to || need.startsWith(`${to}#`)));
    expect(kept || notes.includes(to), `${from} needs ${to}`).toBe(true);
  }
}

describe('taken and noted are all that was there', () => {
  test('beads', () => {
    const types = fc.constantFrom('task', 'bug', 'epic', 'message', 'event', 'gate', 'agent');
    const issue = fc.record({
      id,
      title: mark,
      status: statusWord,
      issue_type: types,
      description: long,
      needs: ids,
      extras,
    });
    fc.assert(
      fc.property(fc.array(issue, { maxLength: 12 }), (issues) => {
        const records = issues.map(({ id: n, needs, extras: more, ...one }) => ({
          ...more,
          ...one,
          id: `x-${n}`,
          dependencies: needs.map((to) => ({ depends_on_id: `x-${to}`, type: to % 2 ? 'blocks' : 'waits-for' })),
        }));
        const text = records.map((one) => JSON.stringify(one)).join('\n');
        const done = read(sourceKinds.beads, 'issues.jsonl', text);
        const notes = expectWhole(
          records.map((record) => ({ key: record.id, record })),
          done,
        );
        const newest = new Map(records.map((one) => [one.id, one]));
        for (const one of newest.values())
          expectNeeds(
            one.dependencies.map((edge) => [one.id, edge.depends_on_id]),
            notes,
            done.tasks,
          );
        const ready = done.tasks.filter(({ status }) => status === 'todo').map(({ key }) => newest.get(key)?.status);
        for (const status of ready) expect(['todo', 'open', 'pending', '']).toContain(status);
      }),
      { seed: 20260104, numRuns: 200 },
    );
  });

  test('task-master, with tags and subtasks of subtasks', () => {
    const part = { id, title: mark, status: statusWord, details: long, dependencies: ids, extras };
    const leaf = fc.record(part);
    const middle = fc.record({ ...part, subtasks: fc.array(leaf, { maxLength: 2 }) });
    const top = fc.record({ ...part, subtasks: fc.array(middle, { maxLength: 2 }) });
    const junk = fc.constantFrom(null, 7);
    const tag = fc.array(fc.oneof({ weight: 6, arbitrary: top }, { weight: 1, arbitrary: junk }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('master', 'b', 'tasks'), tag), fc.boolean(), (tags, wrapped) => {
        const records: { key: string; record: Record_ }[] = [];
        let junks = 0;
        let gone = 0;
        const clean = (one: unknown): unknown => {
          if (typeof one !== 'object' || one === null) return one;
          const { extras: more, subtasks, ...rest } = one as Record_ & { subtasks?: unknown[] };
          return { ...(more as object), ...rest, ...(subtasks ? { subtasks: subtasks.map(clean) } : {}) };
        };
        const walk = (name: string, list: readonly unknown[], near: string, under: boolean) => {
          for (const one of list) {
            if (typeof one !== 'object' || one === null) {
              junks += 1;
              continue;
            }
            const { subtasks = [], ...record } = one as Record_ & { subtasks?: unknown[] };
            const key = `${name}:${near}${record.id}`;
            const away = under || record.status === 'tombstone';
            if (away) gone += 1;
            records.push({ key, record });
            walk(name, subtasks as unknown[], `${near}${record.id}.`, away);
          }
        };
        const content = Object.fromEntries(
          Object.entries(tags).map(([name, list]) => [
            name,
            wrapped && name !== 'tasks' ? { tasks: list.map(clean) } : list.map(clean),
          ]),
        );
        for (const [name, list] of Object.entries(content))
          walk(name === 'tasks' ? 'master' : name, (Array.isArray(list) ? list : list.tasks) as unknown[], '', false);
        const done = read(sourceKinds['task-master'], 'tasks.json', JSON.stringify(content));
        expectWhole(records, done);
        expect(done.found.left.filter(({ why }) => /^it is (null|a number)/.test(why))).toHaveLength(junks);
        const counted = done.found.left.filter(({ why }) => /^a version|deleted$/.test(why)).length;
        expect(done.tasks.length + counted).toBe(records.length);
        expect(done.found.left.some(({ why }) => why.endsWith('deleted'))).toBe(gone > 0);
      }),
      { seed: 20260105, numRuns: 200 },
    );
  });

  test('shrimp and the client’s own tasks', () => {
    const task = fc.record({ id, title: mark, status: statusWord, text: long, needs: ids, extras });
    fc.assert(
      fc.property(fc.array(task, { maxLength: 10 }), fc.boolean(), (tasks, isShrimp) => {
        const records = tasks.map(
          ({ id: n, title, status, text, needs, extras: more }): { key: string; record: Record_ } =>
            isShrimp
              ? {
                  key: `${n}`,
                  record: {
                    ...more,
                    id: `${n}`,
                    name: title,
                    status,
                    implementationGuide: text,
                    dependencies: needs.map((to) => ({ taskId: `${to}` })),
                  },
                }
              : {
                  key: `l/${n}`,
                  record: {
                    ...more,
                    id: `${n}`,
                    subject: title,
                    status,
                    description: text,
                    blockedBy: needs.map(String),
                  },
                },
        );
        const list = records.map(({ record }) => record);
        const done = isShrimp
          ? read(sourceKinds.shrimp, 'tasks.json', JSON.stringify({ tasks: list }))
          : read(sourceKinds['claude-tasks'], 'l.json', JSON.stringify(list));
        const notes = expectWhole(records, done);
        const last = new Map(records.map(({ key }, index) => [key, tasks[index]?.needs ?? []]));
        const prefix = isShrimp ? '' : 'l/';
        if (new Set(records.map(({ key }) => key)).size === records.length)
          for (const [key, needs] of last)
            expectNeeds(
              needs.map((to) => [key, `${prefix}${to}`]),
              notes,
              done.tasks,
            );
      }),
      { seed: 20260106, numRuns: 200 },
    );
  });
});

test('one table of words for statuses, whatever the case and the separators', () => {
  const words = [
    'In Progress',
    'in_progress',
    'inProgress',
    ' todo ',
    'completed',
    'Canceled',
    '進行中',
    'to-do',
    'DONE',
  ];
  expect(words.map(statusOf)).toEqual([
    'active',
    'active',
    'active',
    'todo',
    'done',
    'cancelled',
    'active',
    'todo',
    'done',
  ]);
  expect(['deferred', 'tombstone', 'mystery'].map(meaningOf)).toEqual(['held', 'gone', undefined]);
  expect(['deferred', 'tombstone', 'mystery', 'constructor'].map(statusOf)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('UTF-8 and UTF-16 are read, with and without a byte order mark; other bytes are told', () => {
  const text = '{"a":"ü"}';
  const le = Buffer.from(text, 'utf16le');
  const be = Buffer.from(le).swap16();
  const with_ = (mark_: number[], bytes: Buffer) => Buffer.concat([Buffer.from(mark_), bytes]);
  for (const bytes of [
    Buffer.from(text),
    with_([0xef, 0xbb, 0xbf], Buffer.from(text)),
    le,
    be,
    with_([0xff, 0xfe], le),
    with_([0xfe, 0xff], be),
  ])
    expect(decodeText(bytes)).toEqual({ text });
  expect(decodeText(Buffer.from([0x7b, 0xff, 0x7d])).odd).toContain('UTF-8');
});

test('a file of another program is recognised', () => {
  const shrimp = { name: 'tasks.json', text: JSON.stringify({ tasks: [{ id: 'a', name: 'One' }] }) };
  const master = { name: 'tasks.json', text: JSON.stringify({ tasks: [{ id: 1, title: 'One' }] }) };
  expect([otherKind(shrimp, 'task-master'), otherKind(master, 'shrimp')]).toEqual(['shrimp', 'task-master']);
  expect([otherKind(shrimp, 'shrimp'), otherKind(master, 'task-master')]).toEqual([undefined, undefined]);
});

test('in beads a task waits for what its parent needs, and for a gate that is open', () => {
  const edge = (to: string, type: string) => ({ depends_on_id: to, type });
  const lines = [
    { id: 'a', title: 'First', status: 'open' },
    { id: 'p', title: 'Parent', status: 'open', dependencies: [edge('a', 'blocks')] },
    { id: 'c', title: 'Child', status: 'open', dependencies: [edge('p', 'parent-child')] },
    { id: 'g', title: 'Gate', status: 'open', issue_type: 'gate' },
    { id: 'w', title: 'Waits', status: 'open', dependencies: [edge('g', 'blocks')] },
    { id: 'd', title: 'Later', status: 'open', defer_until: '2027-01-01T00:00:00Z' },
    { id: 'e', title: 'By now', status: 'open', defer_until: '2026-01-01T00:00:00Z' },
  ];
  const { tasks } = read(sourceKinds.beads, 'issues.jsonl', lines.map((one) => JSON.stringify(one)).join('\n'));
  const of = (key: string) => tasks.find((task) => task.key === key);
  expect(of('c')?.needs).toEqual(['a']);
  expect([of('w'), of('d'), of('e')].map((task) => task?.status)).toEqual(['blocked', 'blocked', 'todo']);
});
