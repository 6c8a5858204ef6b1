// Imports: what each kind of source becomes, what is noted, and that an import can be repeated.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, inject, test } from 'vitest';
import { prepareTasks } from '../../src/admin/import/prepare.ts';
import { nothing } from '../../src/admin/import/shape.ts';
import { type ImportedTask, importLinks, importTasks } from '../../src/domain/import/tasks.ts';
import { TASK_STATUSES, type TaskDocument } from '../../src/domain/plan/task.ts';
import { freshDir } from '../e2e/rig.ts';
import { Rig, workspace } from '../rig.ts';

interface Report {
  source: string;
  taken: Record<string, number>;
  already: Record<string, number>;
  ids: Record<string, string>;
  changed: { item: string; why: string }[];
  left: { item: string; why: string }[];
}

class Place {
  readonly dir = freshDir();

  file(name: string, content: unknown): string {
    const file = path.join(this.dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  }

  baton(...args: string[]) {
    const env = { PATH: process.env.PATH ?? '', HOME: this.dir, BATON_STATE_DIR: path.join(this.dir, 'state') };
    return spawnSync(process.execPath, [inject('program'), ...args], { env, cwd: this.dir, encoding: 'utf8' });
  }

  import(source: string, from: string, ...more: string[]): Report {
    const { stdout, stderr, status } = this.baton('import', source, '--from', from, '--json', ...more);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    return JSON.parse(stdout);
  }

  tasks(): Record<string, unknown>[] {
    return JSON.parse(
      this.baton('plan', 'list', '--kind', 'task', '--detail', 'full', '--limit', '100', '--json').stdout,
    ).rows;
  }
}

test('the source is named in full unless it is in the home directory, for tasks and for exports', () => {
  const place = new Place();
  const beside = `${place.dir}-beside`;
  fs.mkdirSync(beside);
  place.import(place.file('tasks.json', { master: { tasks: [{ id: 1, title: 'One' }] } }), 'task-master');
  place.file('export.jsonl', place.baton('export').stdout);
  for (const [name, from] of [
    ['tasks.json', 'task-master'],
    ['export.jsonl', 'baton'],
  ] as const) {
    fs.copyFileSync(path.join(place.dir, name), path.join(beside, name));
    const named = (source: string) => place.import(source, from, '--dry-run').source;
    expect(named(path.join(beside, name))).toBe(path.join(beside, name));
    expect(named(path.join(place.dir, name))).toBe(`~/${name}`);
  }
  fs.rmSync(beside, { recursive: true });
});

test('a source that cannot be read is named with the reason; the store is not blamed', () => {
  const place = new Place();
  const loop = path.join(place.dir, 'loop.json');
  fs.symlinkSync(loop, loop);
  for (const from of ['task-master', 'baton']) {
    const { status, stderr } = place.baton('import', loop, '--from', from);
    expect(stderr).toMatch(/^invalid-input: /);
    expect(stderr).toContain('loop.json');
    expect(stderr).toContain('ELOOP');
    expect(stderr).not.toContain('baton doctor');
    expect(status).toBe(1);
  }
});

test.runIf(fs.existsSync('/proc/self/mem'))('a source whose bytes cannot be read is named too', () => {
  const place = new Place();
  for (const from of ['task-master', 'baton']) {
    const { status, stderr } = place.baton('import', '/proc/self/mem', '--from', from);
    expect(stderr).toMatch(/^invalid-input: .*\/proc\/self\/mem.*EIO/s);
    expect(status).toBe(1);
  }
});

test('a file of the store that cannot be read is told as a trouble of the store', () => {
  const place = new Place();
  const file = place.file('tasks.json', { master: { tasks: [{ id: 1, title: 'One' }] } });
  const state = path.join(place.dir, 'state');
  fs.symlinkSync(state, state);
  const { status, stderr } = place.baton('import', file, '--from', 'task-master');
  expect(stderr).toMatch(/^store-/);
  expect(status).toBe(2);
});

describe('task-master', () => {
  const content = {
    master: {
      tasks: [
        {
          id: 1,
          title: 'Set up',
          description: 'd',
          details: 'how',
          testStrategy: 'ts',
          status: 'done',
          dependencies: [],
          priority: 'high',
        },
        {
          id: 2,
          title: 'Build',
          status: 'in-progress',
          dependencies: [1],
          priority: 'critical',
          subtasks: [
            { id: 1, title: 'Part one', status: 'done', dependencies: [] },
            { id: 2, title: 'Part two', status: 'pending', dependencies: [1, '2.1'] },
          ],
        },
        { id: 3, title: 'Ship', status: 'done', dependencies: [2, 99] },
        { id: 4, title: 'Later', status: 'deferred', dependencies: [5] },
        { id: 5, title: 'Circle', status: 'pending', dependencies: [4] },
        { id: 6, title: 'Stuck', status: 'blocked' },
      ],
    },
    'feature-x': { tasks: [{ id: 1, title: 'Of a tag', status: 'review' }], metadata: {} },
    notes: 'x',
  };

  test('tags, subtasks and dependencies; what does not fit is noted; a repeat changes nothing', () => {
    const place = new Place();
    const file = place.file('tasks.json', content);
    const report = place.import(file, 'task-master');
    expect(report.taken).toMatchObject({ tasks: 9 });
    const tasks = new Map(place.tasks().map((task) => [task.title, task]));
    const idOf = (title: string) => tasks.get(title)?.id;
    expect(tasks.get('Set up')).toMatchObject({
      status: 'done',
      priority: 2,
      description: 'd\n\nDetails: how\n\nTest strategy: ts',
    });
    expect(tasks.get('Build')).toMatchObject({ status: 'active', priority: 1, needs: [idOf('Set up')] });
    expect(tasks.get('Part two')).toMatchObject({ status: 'todo', parent: idOf('Build'), needs: [idOf('Part one')] });
    // What was finished stays so, whatever it needs; what needs a missing task or a circle is not offered.
    expect(tasks.get('Ship')).toMatchObject({ status: 'done', needs: [idOf('Build')] });
    expect(tasks.get('Later')).toMatchObject({ status: 'blocked', labels: ['deferred'] });
    expect(tasks.get('Stuck')).toMatchObject({ status: 'blocked' });
    expect(tasks.get('Of a tag')).toMatchObject({ status: 'review', labels: ['tag:feature-x'] });
    const why = report.changed.map(({ item, why: words }) => `${item} ${words}`).join('\n');
    expect(why).toMatch(/master:3 its need master:99 is not there/);
    expect(why).toMatch(/master:[45] its need master:[45] is left out, because it would make a circle/);
    expect(why).toMatch(/master:4 it is blocked here: deferred where it was imported from/);
    expect(report.left).toEqual([
      { item: 'feature-x.metadata', why: 'it is about the list, not about a task' },
      { item: 'notes', why: 'it has no list of tasks' },
    ]);
    expect(place.import(file, 'task-master')).toMatchObject({ taken: { tasks: 0, links: 0 }, already: { tasks: 9 } });
    expect(place.tasks()).toHaveLength(9);
    // The same file by its directory.
    expect(place.import('.', 'task-master')).toMatchObject({ taken: { tasks: 0 }, already: { tasks: 9 } });
  });

  test('what is new in the source is taken at the next import; the older format is read too', () => {
    const place = new Place();
    const file = place.file('tasks.json', { tasks: [{ id: 1, title: 'One', status: 'pending' }] });
    expect(place.import(file, 'task-master').taken.tasks).toBe(1);
    place.file('tasks.json', {
      tasks: [
        { id: 1, title: 'One' },
        { id: 2, title: 'Two', dependencies: [1] },
      ],
    });
    expect(place.import(file, 'task-master')).toMatchObject({ taken: { tasks: 1 }, already: { tasks: 1 } });
    expect(place.tasks().map(({ title }) => title)).toEqual(['One', 'Two']);
  });

  test('files of one name in several directories are sources of their own; a long text is read whole', () => {
    const place = new Place();
    const long = `${'Step.\n'.repeat(4_000)}END`;
    place.file('two/a/tasks.json', { tasks: [{ id: 1, title: 'Of a', details: long }] });
    place.file('two/b/tasks.json', { tasks: [{ id: 1, title: 'Of b' }] });
    place.file('two/c/tasks.json', { tasks: [{ id: 'x', name: 'Of shrimp' }] });
    const report = place.import('two', 'task-master');
    expect(report.taken.tasks).toBe(2);
    expect(report.left).toMatchObject([{ item: 'c/tasks.json' }]);
    expect(place.import('two/a/tasks.json', 'task-master')).toMatchObject({
      already: { tasks: 1 },
      taken: { tasks: 0 },
    });
    const id = report.ids['a/tasks.json master:1'] ?? '';
    let text = '';
    for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
      const read = place.baton('plan', 'list', 'task', '--text', id, '--detail', 'full', '--cursor', cursor, '--json');
      const { rows, next_cursor } = JSON.parse(read.stdout);
      if (text === '') text = rows[0].description.replace('\n\n(goes on in details)', '');
      text += rows[0].details;
      cursor = next_cursor;
    }
    expect(text).toBe(`Details: ${long}`);
  });

  test('a dry run leaves nothing behind, not even a store', () => {
    const place = new Place();
    const file = place.file('tasks.json', content);
    expect(place.import(file, 'task-master', '--dry-run')).toMatchObject({ taken: { tasks: 9 }, dry_run: true });
    expect(fs.existsSync(path.join(place.dir, 'state'))).toBe(false);
    place.import(file, 'task-master');
    expect(place.import(file, 'task-master', '--dry-run')).toMatchObject({
      taken: { tasks: 0 },
      already: { tasks: 9 },
    });
  });
});

test('beads: blocks, parent-child and discovered-from', () => {
  const place = new Place();
  const edge = (from: string, to: string, type: string) => ({ issue_id: from, depends_on_id: to, type });
  const lines = [
    { id: 'bd-1', title: 'Epic', status: 'open', issue_type: 'epic', priority: 0 },
    { id: 'bd-2', title: 'First', status: 'closed', priority: 2, dependencies: [edge('bd-2', 'bd-1', 'parent-child')] },
    {
      id: 'bd-3',
      title: 'Second',
      status: 'in_progress',
      priority: 4,
      assignee: 'bob',
      labels: ['x'],
      dependencies: [
        edge('bd-3', 'bd-2', 'blocks'),
        edge('bd-3', 'bd-1', 'parent-child'),
        edge('bd-3', 'bd-2', 'related'),
      ],
    },
    {
      id: 'bd-4',
      title: 'Found',
      status: 'open',
      dependencies: [edge('bd-4', 'bd-3', 'discovered-from')],
      comments: [{}],
    },
    { id: 'bd-5', title: 'Gone', status: 'tombstone' },
  ];
  const file = place.file('issues.jsonl', `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"broken\n`);
  const report = place.import(file, 'beads');
  expect(report.taken.tasks).toBe(4);
  expect(report.left.map(({ item }) => item)).toEqual(['issues.jsonl:6', 'bd-3 related bd-2', 'bd-5']);
  const tasks = new Map(place.tasks().map((task) => [task.title, task]));
  expect(tasks.get('Epic')).toMatchObject({
    priority: 1,
    labels: ['epic'],
    children: [report.ids['bd-2'], report.ids['bd-3']],
  });
  expect(tasks.get('Second')).toMatchObject({
    status: 'active',
    priority: 5,
    assignee: 'bob',
    needs: [report.ids['bd-2']],
  });
  expect(tasks.get('Found')).toMatchObject({ discovered_from: report.ids['bd-3'] });
  expect(place.import(file, 'beads').already.tasks).toBe(4);
});

test('native tasks of a client: both directions of blocking, several lists', () => {
  const place = new Place();
  const task = (id: string, subject: string, status: string, more = {}) => ({
    id,
    subject,
    description: 'x',
    status,
    blocks: [],
    blockedBy: [],
    ...more,
  });
  place.file('tasks/s-1/1.json', task('1', 'One', 'completed', { blocks: ['2'] }));
  place.file('tasks/s-1/2.json', task('2', 'Two', 'in_progress', { owner: 'amy' }));
  place.file('tasks/s-1/10.json', task('10', 'Ten', 'pending', { blockedBy: ['2'] }));
  place.file('tasks/s-2/1.json', task('1', 'Other', 'pending'));
  place.file('tasks/s-2/.lock', '');
  const report = place.import('tasks', 'claude-tasks');
  expect(report.taken.tasks).toBe(4);
  const tasks = new Map(place.tasks().map((one) => [one.title, one]));
  expect(tasks.get('Two')).toMatchObject({ status: 'active', assignee: 'amy', needs: [report.ids['s-1/1']] });
  expect(tasks.get('Ten')).toMatchObject({ status: 'todo', needs: [report.ids['s-1/2']] });
});

test('state files become keys of the session, and never touch what is there', () => {
  const place = new Place();
  place.file('v2/state.json', { phase: 'build', tasks: { a: 1 }, session: { id: 'old' } });
  place.file('v2/list.json', [1, 2]);
  place.file('v2/bad.json', '{');
  expect(place.baton('state', 'set', '$.phase', '"mine"').status).toBe(0);
  const report = place.import('v2', 'v2');
  expect(report.taken.keys).toBe(3);
  expect(report.left.map(({ item }) => item).sort()).toEqual(['bad.json', 'phase']);
  const { value } = JSON.parse(place.baton('state', 'get', '--json').stdout);
  expect(value).toMatchObject({ phase: 'mine', tasks: { a: 1 }, list: [1, 2], imported: { session: { id: 'old' } } });
  expect(place.import('v2', 'v2')).toMatchObject({ taken: { keys: 0 }, already: { keys: 3 } });
});

test('the older state directory becomes sessions, epics, sprints with their tasks, and agents, each once', () => {
  const place = new Place();
  const session = (id: string, status: string, tasks: object) => ({
    session: {
      id,
      mode: 'sprint',
      created_at: '2026-01-01T00:00:00Z',
      lifecycle: { status, expiry: '2999-01-01T00:00:00Z' },
    },
    execution: { agents: { 'qa-lead': { name: 'QA', type: 'qa' } }, tasks, workflows: { w: { name: 'ship' } } },
    observability: { events: [{ type: 'heartbeat' }] },
    notes: { left: 'here' },
  });
  place.file(
    'v2/sessions/a.json',
    session('a', 'active', {
      'T-1': { id: 'T-1', title: 'Build', status: 'done', points: 3, priority: 1 },
      'T-2': { id: 'T-2', title: 'Test', status: 'blocked', blocker: { reason: 'no machine' }, dependencies: ['T-1'] },
    }),
  );
  place.file('v2/sessions/b.json', session('b', 'completed', {}));
  place.file('v2/shared/projects/app/epics.json', {
    e: { id: 'e', title: 'Sign in', status: 'in_progress', priority: 2, tags: ['x'] },
  });
  place.file('v2/shared/projects/app/sprints.json', {
    s: {
      id: 's',
      name: 'One',
      status: 'active',
      goals: ['Ship it'],
      start_date: '2026-01-05',
      tasks: ['T-1', 'T-2', 'T-9'],
    },
  });
  place.file('v2/shared/tools.json', { lint: { name: 'lint', type: 'command', description: 'Lints', path: 'x.sh' } });
  const report = place.import('v2', 'v2');
  expect(report.taken).toMatchObject({ tasks: 2, epics: 1, sprints: 1, sessions: 2, keys: 0 });
  expect(report.left).toEqual([{ item: 'sprints:app/s', why: 'its task T-9 is not there' }]);
  const list = (kind: string) =>
    JSON.parse(place.baton('plan', 'list', '--kind', kind, '--detail', 'full', '--json').stdout).rows;
  expect(list('epic')).toMatchObject([{ title: 'Sign in', status: 'active', priority: 2 }]);
  expect(list('sprint')).toMatchObject([{ title: 'One', status: 'active', goal: 'Ship it' }]);
  expect(list('agent')).toMatchObject([{ id: 'qa-lead', description: 'QA, qa' }]);
  expect(list('command')).toMatchObject([{ id: 'lint' }]);
  const tasks = new Map(place.tasks().map((one) => [one.title, one]));
  expect(tasks.get('Build')).toMatchObject({ status: 'done', points: 3, sprint: report.ids['sprints:app/s'] });
  expect(tasks.get('Test')).toMatchObject({
    status: 'blocked',
    blocked_reason: 'no machine',
    needs: [report.ids['a/T-1']],
  });
  const read = JSON.parse(
    place.baton('state', 'get', '$', '--session', report.ids['session:a'] ?? '', '--json').stdout,
  ).value;
  const facts = JSON.parse(
    place.baton('state', 'get', '$.session', '--session', report.ids['session:a'] ?? '', '--json').stdout,
  ).value;
  expect(facts).toMatchObject({ mode: 'sprint', status: 'paused' });
  expect(read).toMatchObject({
    execution: { workflows: { w: { name: 'ship' } } },
    notes: { left: 'here' },
    imported: { observability: { events: [{ type: 'heartbeat' }] } },
  });
  expect(place.import('v2', 'v2')).toMatchObject({
    taken: { tasks: 0, epics: 0, sprints: 0, sessions: 0 },
    already: { sessions: 2 },
  });
  place.file('other/tools.json', { lint: { name: 'lint', type: 'command', description: 'Lints otherwise' } });
  expect(place.import('other', 'v2')).toMatchObject({
    taken: { agents: 0 },
    left: [{ item: 'tools:/lint', why: 'lint is here already, and is left as it is' }],
  });
  expect(list('command')).toMatchObject([{ id: 'lint', description: expect.stringMatching(/^Lints\b(?! otherwise)/) }]);
});

test('a priority of the older state directory that is none of ours is told', () => {
  const place = new Place();
  const epic = (id: string, priority: unknown) => ({ id, title: id, status: 'active', priority });
  place.file('v2/shared/projects/app/epics.json', {
    a: epic('a', 9),
    b: epic('b', 'urgent'),
    c: epic('c', 5),
    d: epic('d', null),
  });
  expect(place.import('v2', 'v2').changed).toEqual([
    { item: 'epics:app/a', why: 'its priority 9 is 5 here' },
    { item: 'epics:app/b', why: 'its priority urgent is 3 here' },
  ]);
});

test('messages go into a channel once, with who wrote them in the text', () => {
  const place = new Place();
  place.file('mail/1.json', { from: 'amy', to: 'bob', timestamp: '2025-01-01', body: 'hello' });
  place.file('mail/2.json', [{ sender: 'bob', text: 'hi' }, { from: 'x' }]);
  place.file('mail/note.md', `# Note\n${'long '.repeat(4_000)}`);
  const report = place.import('mail', 'messages');
  expect(report).toMatchObject({
    taken: { messages: 5 },
    left: [{ item: '2.json[1]' }],
    changed: [{ item: 'note.md' }],
  });
  expect(place.import('mail', 'messages')).toMatchObject({ taken: { messages: 0 }, already: { messages: 5 } });
  place.file('mail/3.json', { text: 'one more' });
  expect(place.baton('import', 'mail', '--from', 'messages').stdout).toContain('message_read {join: "imported"}');
  const [found] = JSON.parse(place.baton('message', 'read', '--text', 'more', '--json').stdout).messages;
  expect(found).toMatchObject({ to: 'channel:imported', text: expect.stringContaining('one more') });
});

test('bad sources are refused in words', () => {
  const place = new Place();
  place.file('empty/x.txt', '');
  for (const args of [
    ['import'],
    ['import', 'x'],
    ['import', 'nowhere', '--from', 'beads'],
    ['import', 'empty', '--from', 'beads'],
  ]) {
    const { status, stderr } = place.baton(...args);
    expect(status, args.join(' ')).toBe(1);
    expect(stderr).toContain('invalid-input');
  }
});

const anyTasks = fc.array(
  fc.record({
    key: fc.nat(25).map((n) => `k${n}`),
    title: fc.oneof(fc.string(), fc.constant('x'.repeat(300))),
    status: fc.constantFrom(...TASK_STATUSES),
    needs: fc.array(
      fc.nat(30).map((n) => `k${n}`),
      { maxLength: 5 },
    ),
    parent: fc.option(
      fc.nat(30).map((n) => `k${n}`),
      { nil: undefined },
    ),
    discovered_from: fc.option(
      fc.nat(30).map((n) => `k${n}`),
      { nil: undefined },
    ),
    labels: fc.array(fc.string({ maxLength: 60 }), { maxLength: 25 }),
  }),
  { maxLength: 30 },
);

test('a key that is called like a member of every object names nothing that was not imported', async () => {
  const rig = new Rig();
  const source = { project: workspace.project, from: 'test', identity: '', name: 'test' };
  const found = nothing();
  const fields = { title: 'one', description: '', status: 'todo' as const, needs: [], labels: [] };
  found.tasks = [{ ...fields, key: 'a' } as ImportedTask];
  await rig.do((tx, ctx) => importTasks(tx, ctx, source, prepareTasks(found)));
  const links = [
    { key: 'a', parent: 'constructor', discovered_from: 'toString' },
    { key: 'valueOf', parent: 'a' },
  ];
  expect((await rig.do((tx, ctx) => importLinks(tx, ctx, source, links as ImportedTask[]))).value).toBe(0);
});

test('whatever a source says, what is prepared from it is accepted whole, in bounded commits', async () => {
  await fc.assert(
    fc.asyncProperty(anyTasks, fc.integer({ min: 1, max: 7 }), async (given, size) => {
      const rig = new Rig();
      const found = nothing();
      found.tasks = given.map((task): ImportedTask => ({ ...task, description: '', blocked_reason: 'somebody' }));
      const tasks = prepareTasks(found);
      const source = { project: workspace.project, from: 'test', identity: '', name: 'test' };
      const ids: Record<string, string> = {};
      for (let at = 0; at < tasks.length; at += size) {
        const batch = tasks.slice(at, at + size);
        const { value } = await rig.do((tx, ctx) => importTasks(tx, ctx, source, batch));
        Object.assign(ids, value.made);
      }
      await rig.do((tx, ctx) => importLinks(tx, ctx, source, tasks));
      const { seq } = rig.documents.peek((view) => ({ seq: view.seq }));
      for (let at = 0; at < tasks.length; at += size)
        await rig.do((tx, ctx) => importTasks(tx, ctx, source, tasks.slice(at, at + size)));
      await rig.do((tx, ctx) => importLinks(tx, ctx, source, tasks));
      rig.documents.peek((view) => {
        expect(view.seq).toBe(seq);
        for (const task of tasks) {
          const doc = view.get<TaskDocument>(`task/${ids[task.key]?.toLowerCase()}`);
          const stored = (key: string | undefined) => (key === undefined ? undefined : ids[key]?.toLowerCase());
          expect(doc).toMatchObject({ status: task.status, needs: task.needs.map(stored) });
          expect(doc?.parent).toBe(stored(task.parent));
          expect(doc?.discovered_from).toBe(stored(task.discovered_from));
        }
      });
    }),
    { seed: 20260103, numRuns: 150 },
  );
});
