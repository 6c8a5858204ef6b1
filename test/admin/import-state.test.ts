// What was taken and what was noted are together all that was in the source, counted in the source itself, for
// generated files of the older state directory and of messages.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sourceKinds } from '../../src/admin/import/index.ts';
import { prepareTasks } from '../../src/admin/import/prepare.ts';
import type { Imported, SourceFile } from '../../src/admin/import/shape.ts';
import { extras, field, mark, marksOf, odd, statusWord } from './import-marks.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const json = (name: string, value: unknown): SourceFile => ({ name, text: JSON.stringify(value) });

/** All words of a source that are neither in what was taken nor in a note. */
function lostOf(files: readonly SourceFile[], found: Imported, taken: unknown): string[] {
  const kept = `${JSON.stringify(taken)}\n${[...found.changed, ...found.left].map(({ item, why }) => `${item} ${why}`).join('\n')}`;
  return files.flatMap(({ text }) => [...marksOf(text)].filter((one) => !kept.includes(one)));
}

describe('the older state directory', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'T-1', 'T-2', 'qa-lead', 'Two Words');
  const time = fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-05');
  const task = fc.record({
    extras,
    id: field(mark),
    title: field(mark),
    description: field(mark),
    status: field(statusWord),
    dependencies: field(fc.array(name, { maxLength: 3 })),
    blocker: field(fc.record({ reason: mark, since: mark })),
    assignee: field(mark),
    points: field(fc.integer({ min: -1, max: 9 })),
    priority: field(fc.integer({ min: 0, max: 7 })),
  });
  const agent = fc.record({ extras, name: field(mark), type: field(mark) });
  const session = fc.record({
    extras,
    id: fc.constantFrom('s-1', 's-2', 's-3'),
    mode: field(fc.constantFrom('sprint', 'development')),
    created_at: field(time),
    lifecycle: fc.record({
      extras,
      status: field(fc.constantFrom('active', 'paused', 'completed')),
      expiry: field(time),
    }),
    execution: field(
      fc.record({
        extras,
        tasks: field(fc.dictionary(name, field(task))),
        agents: field(fc.dictionary(name, field(agent))),
      }),
    ),
    observability: field(fc.record({ events: odd })),
    others: fc.dictionary(
      fc.constantFrom('schema', 'organization', 'communication', 'imported', 'notes', 'agents'),
      odd,
    ),
  });
  const epic = fc.record({
    extras,
    id: field(mark),
    title: field(mark),
    description: field(mark),
    status: field(statusWord),
    priority: field(fc.integer({ min: 0, max: 7 })),
  });
  const sprint = fc.record({
    extras,
    id: field(mark),
    name: field(mark),
    goals: field(fc.array(mark, { maxLength: 2 })),
    status: field(statusWord),
    start_date: field(time),
    end_date: field(time),
    tasks: field(fc.array(name, { maxLength: 3 })),
  });
  const tool = fc.record({
    extras,
    name: field(name),
    type: field(fc.constantFrom('command', 'agent')),
    description: field(mark),
  });
  const source = fc.record({
    sessions: fc.array(session, { maxLength: 3 }),
    epics: fc.dictionary(name, epic),
    sprints: fc.dictionary(name, sprint),
    tools: fc.dictionary(name, tool),
    elsewhere: fc.dictionary(name, tool),
    loose: fc.array(fc.dictionary(fc.constantFrom('schema', 'phase', 'session', 'notes'), odd), { maxLength: 2 }),
  });

  /** A generated record with its extra fields among its own, as a file has them. */
  const flat = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(flat);
    if (typeof value !== 'object' || value === null) return value;
    const { extras: more = {}, ...own } = value as { extras?: object };
    return Object.fromEntries(Object.entries({ ...more, ...own }).map(([key, one]) => [key, flat(one)]));
  };

  test('loses nothing of sessions, tasks, epics, sprints, tools and loose files', () => {
    fc.assert(
      fc.property(source, ({ sessions, epics, sprints, tools, elsewhere, loose }) => {
        const files = [
          ...sessions.map(({ execution, observability, others, ...facts }, index) =>
            json(`sessions/${index}.json`, {
              ...others,
              session: flat(facts),
              execution: flat(execution),
              observability,
            }),
          ),
          json('shared/projects/app/epics.json', flat(epics)),
          json('shared/projects/app/sprints.json', flat(sprints)),
          json('shared/tools.json', flat(tools)),
          json('shared/more/tools.json', flat(elsewhere)),
          ...loose.map((values, index) => json(`loose-${index}.json`, values)),
        ];
        const found = sourceKinds.v2.read(files, NOW);
        const tasks = prepareTasks(found, sourceKinds.v2.uniqueKeys);
        const lost = lostOf(files, found, [tasks, found.items, found.state]);
        for (const one of lost) expect(isOfLeft(files, found, one), `${one} is lost`).toBe(true);
        const keys = found.items.map(({ key }) => key);
        expect(new Set(keys).size, 'two items have one key: the second would count as imported before').toBe(
          keys.length,
        );
      }),
      { seed: 20260107, numRuns: 300 },
    );
  });

  /** Whether a word belongs to a task, a session or an entry that was left out, with a note that names it. */
  function isOfLeft(files: readonly SourceFile[], { left }: Imported, word: string): boolean {
    const records: { item: string; text: string }[] = files.flatMap(({ name: file, text }) => {
      const value = JSON.parse(text) as Record<string, Record<string, unknown>>;
      if (!file.startsWith('sessions/'))
        return Object.entries(value).map(([key, one]) => ({ item: key, text: JSON.stringify(one) }));
      const all = (value.execution?.tasks ?? {}) as Record<string, unknown>;
      return Object.entries(all).map(([key, one]) => ({
        item: `${value.session?.id}/${key}`,
        text: JSON.stringify(one),
      }));
    });
    return records.some(({ item, text }) => text.includes(word) && left.some((note) => note.item.endsWith(item)));
  }
});

describe('messages', () => {
  const text = fc.oneof(
    mark,
    fc.tuple(mark, fc.constantFrom(10, 9_000), mark).map(([a, n, b]) => `${a}${'😀 '.repeat(n)}${b}`),
  );
  const message = fc.record(
    {
      extras,
      text,
      body: field(text),
      content: field(mark),
      from: field(mark),
      sender: field(mark),
      to: field(mark),
      timestamp: field(mark),
      created_at: field(mark),
      subject: field(mark),
      type: field(mark),
      thread: odd,
    },
    { requiredKeys: ['extras'] },
  );
  const entry = fc.oneof({ weight: 6, arbitrary: message }, { weight: 1, arbitrary: fc.constantFrom(null, 7) });
  const list = fc.array(entry, { maxLength: 4 });
  const merged = (one: unknown) => {
    if (typeof one !== 'object' || one === null) return one;
    const { extras: more, ...own } = one as { extras: object };
    return { ...more, ...own };
  };

  test('lose nothing, whatever holds them', () => {
    fc.assert(
      fc.property(list, fc.constantFrom('list', 'box', 'lines', 'one', 'texts'), extras, (made, shape, around) => {
        const entries = made.map(merged);
        const files: SourceFile[] =
          shape === 'list'
            ? [json('m.json', entries)]
            : shape === 'box'
              ? [json('m.json', { ...around, messages: entries })]
              : shape === 'lines'
                ? [{ name: 'm.jsonl', text: entries.map((one) => JSON.stringify(one)).join('\n') }]
                : shape === 'one'
                  ? entries.map((one, index) => json(`${index}.json`, one))
                  : entries.map((one, index) => ({ name: `${index}.md`, text: JSON.stringify(one) }));
        const found = sourceKinds.messages.read(files, NOW);
        // Of what stands beside a list of messages the notes have the names.
        const beside = shape === 'box' ? marksOf(JSON.stringify(around)) : new Set<string>();
        expect(lostOf(files, found, found.messages).filter((one) => !beside.has(one))).toEqual([]);
        for (const key of shape === 'box' ? Object.keys(around) : [])
          expect(found.left.map(({ item }) => item)).toContain(`m.json ${key}`);
        for (const { text: part } of found.messages) expect(part).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
      }),
      { seed: 20260108, numRuns: 300 },
    );
  });

  test('without a text are noted, one by one', () => {
    const files = [json('m.json', [{ from: 'amy' }, { from: 'bob' }, 7]), { name: 'empty.txt', text: ' \n' }];
    const found = sourceKinds.messages.read(files, NOW);
    expect(found.messages).toEqual([]);
    expect(found.left).toHaveLength(4);
  });
});

test('two things of one id are both taken, an entry that is twice there once', () => {
  const session = (notes: string) => ({
    session: { id: 's-1', mode: 'sprint', lifecycle: { status: 'active' } },
    execution: { agents: { qa: { name: notes } } },
    notes,
  });
  const files = [
    json('sessions/a.json', session('first')),
    json('backup/sessions/a.json', session('second')),
    json('copy/sessions/a.json', session('first')),
  ];
  const found = sourceKinds.v2.read(files, NOW);
  expect(found.items.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
    'agents agent:qa',
    'sessions session:s-1',
    'sessions session:s-1#2',
  ]);
  expect(found.items[0]).toMatchObject({ description: 'first\n\nsecond' });
  expect(found.left).toEqual([{ item: 'session:s-1', why: 'it is a copy' }]);
});
