// Schemas of a project for the state of its sessions: every way to write is checked, in every process at once; a
// refusal changes nothing; a project without schemas pays nothing; a preview names the violating sessions.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importState } from '../../src/domain/import/state.ts';
import type { Json } from '../../src/json/json.ts';
import { underRules } from '../../src/tools/shared/state-rules.ts';
import { TeamRig, type Window } from '../team-rig.ts';

const TASK = {
  type: 'object',
  required: ['status'],
  properties: { status: { enum: ['todo', 'done'] }, points: { type: 'integer', minimum: 0 } },
};

async function given(schemas: object = { '$.tasks.*': TASK }): Promise<{ rig: TeamRig; one: Window; two: Window }> {
  const rig = new TeamRig();
  const one = await rig.window('one');
  const two = await rig.window('two');
  await one.call('project_save', { config: { schemas } });
  return { rig, one, two };
}

/** The failure of a call, which must leave the log as it was. */
async function refused(rig: TeamRig, window: Window, name: string, args: object) {
  const before = rig.lines;
  const failure = await window.fail(name, args);
  expect(rig.lines).toBe(before);
  return failure;
}

const violated = (path: string, rule: string) => ({ code: 'schema-violated', schema: '$.tasks.*', path, rule });
const CHOICE = 'enum ["todo","done"]';

describe('a schema', () => {
  const writes: [string, string, object, object][] = [
    [
      'a value at its place',
      'state_set',
      { path: '$.tasks.a', value: { points: 1 } },
      violated('$.tasks.a.status', 'required'),
    ],
    [
      'a value below',
      'state_set',
      { path: '$.tasks.t1.status', value: 'later' },
      violated('$.tasks.t1.status', CHOICE),
    ],
    [
      'a value above',
      'state_set',
      { path: '$.tasks', value: { b: { status: 1 } } },
      violated('$.tasks.b.status', CHOICE),
    ],
    [
      'a merge',
      'state_merge',
      { value: { tasks: { t1: { points: -1 } } } },
      violated('$.tasks.t1.points', 'minimum 0'),
    ],
    [
      'a removed key',
      'state_merge',
      { path: 'tasks.t1', value: { status: null } },
      violated('$.tasks.t1.status', 'required'),
    ],
    ['a delete', 'state_delete', { path: '$.tasks.t1.status' }, violated('$.tasks.t1.status', 'required')],
    ['a delete by a query', 'state_delete', { path: '$.tasks..status' }, violated('$.tasks.t1.status', 'required')],
    ['a restore', 'state_restore', { path: '$.tasks', to: 0 }, violated('$.tasks.t1.status', CHOICE)],
    [
      'a batch',
      'state_batch',
      {
        operations: [
          { op: 'set', path: 'x', value: 1 },
          { op: 'set', path: 'tasks.t1.points', value: 1.5 },
        ],
      },
      violated('$.tasks.t1.points', 'type integer'),
    ],
    [
      'a batch that is only tried',
      'state_batch',
      { dry_run: true, operations: [{ op: 'delete', path: 'tasks.t1.status' }] },
      violated('$.tasks.t1.status', 'required'),
    ],
  ];
  test.each(writes)('holds for %s', async (_, tool, args, expected) => {
    const rig = new TeamRig();
    const one = await rig.window('one');
    const { seq } = await one.call('state_set', { path: '$.tasks.t1', value: { status: 'someday' } });
    await one.call('state_set', { path: '$.tasks.t1', value: { status: 'todo' } });
    await one.call('project_save', { config: { schemas: { '$.tasks.*': TASK } } });
    const failure = await refused(rig, one, tool, 'to' in args ? { ...args, to: seq } : args);
    expect(failure).toMatchObject(expected);
    expect(await one.call('state_get', { path: '$.tasks' })).toMatchObject({ value: { t1: { status: 'todo' } } });
  });

  test('holds for what is imported', async () => {
    const { rig, one } = await given({ '$.notes': { type: 'array' } });
    const before = rig.lines;
    const imported = await one.services.documents.change(
      underRules(one.services, one.session, { tool: 'state_set', input: {} }, (tx, ctx) =>
        importState(tx, ctx, one.session, { notes: 'text' }),
      ),
      { by: { user: 'tester', tool: 'import' } },
    );
    expect(imported).toMatchObject({
      ok: false,
      failure: { code: 'schema-violated', path: '$.notes', rule: 'type array' },
    });
    expect(rig.lines).toBe(before);
  });

  test('is for what a batch leaves, not for its steps, and for what is there: nothing is as good', async () => {
    const { one } = await given();
    const operations = [
      { op: 'set', path: 'tasks.a', value: {} },
      { op: 'set', path: 'tasks.a.status', value: 'todo' },
    ];
    await one.call('state_batch', { operations });
    await one.call('state_delete', { path: '$.tasks.a' });
    await one.call('state_delete', { path: '$.tasks' });
    await one.call('state_set', { path: '$.other', value: { status: 'anything' } });
    await one.call('session_update', { user_context: { tasks: { a: 1 } } });
  });

  test('is in force at the next call of another process, and gone as soon as it is removed', async () => {
    const { rig, one, two } = await given({});
    const later = { path: '$.tasks.a.status', value: 'later' };
    for (let round = 0; round < 20; round += 1) {
      await two.call('state_set', later);
      await one.call('project_save', { config: { schemas: { '$.tasks.*': TASK } } });
      expect(await refused(rig, two, 'state_set', later)).toMatchObject({ code: 'schema-violated' });
      await one.call('project_save', { config: { schemas: { '$.tasks.*': null } } });
    }
  });

  test('that is saved again replaces the one before it whole', async () => {
    const { one, two } = await given({
      '$.a': { type: 'object', required: ['x'], properties: { y: { const: null } } },
    });
    await one.call('project_save', {
      config: { schemas: { '$.a': { type: 'object', properties: { y: { enum: [null, 1] } } } } },
    });
    const { config } = one.doc<{ config: object }>('project/prj-1') ?? {};
    expect(config).toEqual({ schemas: { '$.a': { type: 'object', properties: { y: { enum: [null, 1] } } } } });
    await two.call('state_set', { path: '$.a', value: { y: null } });
    expect(await two.fail('state_set', { path: '$.a.y', value: 2 })).toMatchObject({ rule: 'enum [null,1]' });
  });

  test('with * holds for the elements of an array, wherever they move', async () => {
    const { rig, one } = await given({ '$.list.*': { type: 'integer' }, '$.list': { type: 'array', maxItems: 3 } });
    await one.call('state_set', { path: '$.list', value: [1, 2] });
    expect(await refused(rig, one, 'state_set', { path: '$.list[2]', value: 'x' })).toMatchObject({
      path: '$.list[2]',
    });
    await one.call('state_set', { path: '$.list[2]', value: 3 });
    expect(await refused(rig, one, 'state_set', { path: '$.list[3]', value: 4 })).toMatchObject({
      path: '$.list',
      rule: 'maxItems 3',
      found: 'array of 4',
    });
    await one.call('state_delete', { path: '$.list[0]' });
    expect(await refused(rig, one, 'state_merge', { value: { list: [1, null] } })).toMatchObject({ path: '$.list[1]' });
  });

  test('does not check more than it can in a moment', async () => {
    const { one } = await given({ '$.all': { type: 'object' } });
    const all = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`k${at}`, 'x'.repeat(100)]));
    expect(await one.fail('state_set', { path: '$.all', value: all })).toMatchObject({
      code: 'too-large',
      limit: 262_144,
    });
  });

  test('is tested by what changed: whatever is written, all that has a schema satisfies it', async () => {
    const value = fc.constantFrom<Json>(
      { status: 'todo' },
      { status: 'done', points: 3 },
      { points: 1 },
      'x',
      3,
      null,
      [],
      {},
    );
    const path = fc.constantFrom(
      '$',
      '$.tasks',
      '$.tasks.a',
      '$.tasks.b',
      '$.tasks.a.status',
      '$.tasks.b.points',
      '$.x',
    );
    const write = fc.record({ op: fc.constantFrom('set', 'merge', 'delete'), path, value });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 25 }), async (operations) => {
        const { one } = await given();
        for (const { op, path: at, value: what } of operations)
          await one.run(`state_${op}`, op === 'delete' ? { path: at } : { path: at, value: what });
        const { value: tasks } = await one.call('state_get', { path: '$.tasks' });
        if (typeof tasks !== 'object' || tasks === null) return;
        for (const task of Object.values(tasks))
          expect(task).toMatchObject({ status: expect.stringMatching(/^(todo|done)$/) });
      }),
      { numRuns: 60 },
    );
  });
});

describe('project_save', () => {
  test('shows beforehand which live sessions do not satisfy a new schema, and says so when it is saved', async () => {
    const rig = new TeamRig();
    const one = await rig.window('one');
    const two = await rig.window('two');
    const gone = await rig.window('gone');
    await one.call('state_set', { path: '$.tasks.a.status', value: 'todo' });
    await two.call('state_set', { path: '$.tasks.a.status', value: 'later' });
    await gone.call('state_set', { path: '$.tasks.a.status', value: 'later' });
    await gone.call('session_update', { status: 'completed' });
    const before = rig.lines;
    const config = { schemas: { '$.tasks.*': TASK } };
    const violations = [
      { session: two.session, path: '$.tasks.a.status', schema: '$.tasks.*', why: `${CHOICE}, found "later"` },
    ];
    expect(await one.call('project_save', { config, dry_run: true })).toMatchObject({
      violations,
      violating_sessions: 1,
    });
    expect(rig.lines).toBe(before);
    expect(await one.call('project_save', { config })).toMatchObject({ violations, violating_sessions: 1 });
    // Nothing new: nothing to say.
    expect(await one.call('project_save', { name: 'other' })).not.toHaveProperty('violations');
    // What it held stays; its next write there has to fit.
    expect(await two.fail('state_set', { path: '$.tasks.a.points', value: 1 })).toMatchObject({
      code: 'schema-violated',
    });
    await two.call('state_set', { path: '$.elsewhere', value: 1 });
    await two.call('state_set', { path: '$.tasks.a.status', value: 'done' });
  });

  test('a refusal names the call that shows the project, and what there is to go back to', async () => {
    const { one } = await given();
    const { project } = await one.call('project_get');
    expect(await one.fail('project_save', { name: 'x', if_version: 99 })).toMatchObject({ read: 'project_get {}' });
    const refused = await one.fail('project_save', { rollback_to: 9_999 });
    expect(refused).toMatchObject({ code: 'unknown-seq', list: `events_query {stream: "project/${project}"}` });
    const { events } = await one.call('events_query', { stream: `project/${project}` });
    expect(await one.call('project_save', { rollback_to: (events as { seq: number }[]).at(-1)?.seq })).toMatchObject({
      changed_count: 1,
    });
  });

  test('shows which live sessions do not satisfy a schema that replaces another', async () => {
    const rig = new TeamRig();
    const one = await rig.window('one');
    await one.call('project_save', { config: { schemas: { '$.tasks.*': TASK } } });
    await one.call('state_set', { path: '$.tasks.a.status', value: 'todo' });
    const config = { schemas: { '$.tasks.*': { type: 'object', required: ['owner'] } } };
    const violations = [{ session: one.session, path: '$.tasks.a.owner', schema: '$.tasks.*' }];
    expect(await one.call('project_save', { config, dry_run: true })).toMatchObject({ violations });
    expect(await one.call('project_save', { config })).toMatchObject({ violations });
  });

  test('refuses schemas and policies that would not do what they say, with the nearest names', async () => {
    const { one } = await given();
    const why = async (config: object) => {
      const failure = await one.fail('project_save', { config });
      return failure.code === 'invalid-input'
        ? failure.issues.map((issue) => `${issue.at} ${issue.why}`).join('\n')
        : failure;
    };
    expect(await why({ schemas: { '$.a[0]': true } })).toContain('/config/schemas/$.a[0] the path of a schema');
    expect(await why({ schemas: { '$.a': { type: 'objekt' } } })).toContain('/config/schemas/$.a/type expected one of');
    expect(await why({ policies: [{ tool: 'state_sett', decision: 'deny' }] })).toContain('the nearest: state_set');
    expect(await why({ policies: [{ tool: 'state_*', decison: 'deny' }] })).toContain('did you mean decision?');
    expect(await why({ shemas: {} })).toContain('did you mean schemas?');
  });
});

describe('a project without schemas', () => {
  test('is no part of what a write rests on', async () => {
    const rig = new TeamRig();
    const one = await rig.window('one');
    await one.call('project_save', { config: { pools: { coder: 2 } } });
    const plain = rig.bytesFrom(0);
    await one.call('state_set', { path: '$.a', value: 1 });
    expect(rig.log.lines.slice(-1).join('')).not.toContain('project/');
    expect(plain).toBeLessThan(rig.bytesFrom(0));
    await one.call('project_save', { config: { schemas: { '$.b': { type: 'string' } } } });
    await one.call('state_set', { path: '$.a', value: 2 });
    expect(rig.log.lines.slice(-1).join('')).toContain('"project/prj-1":[3,');
  });
});
