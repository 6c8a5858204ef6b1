// Locks and the registry through the tools: waiting in line across processes, releasing all, discovery by skill.

import { describe, expect, test } from 'vitest';
import { PlanIndex } from '../../src/views/plan/plan-index.ts';
import { lockRows } from '../../src/views/team/locks.ts';
import { registryRows } from '../../src/views/team/registry.ts';
import { rows, TeamRig, type Window } from '../team-rig.ts';

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function moment(window: Window) {
  return { project: 'prj-1', now: Date.now(), presence: window.services.documents.presence };
}

describe('locks', () => {
  test('given a holder, when another waits and the holder releases, then it is granted at once, with the next fence', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    expect(await ann.call('lock_acquire', { lock: 'db', kind: 'database', reason: 'migration' })).toMatchObject({
      granted: true,
      fence: 1,
    });
    const waiting = bob.call('lock_acquire', { lock: 'db', wait_s: 20 });
    await soon(50);
    const rows = ann.services.documents.peek((view) => lockRows(view, moment(ann)));
    expect(rows).toMatchObject([
      { lock: 'db', kind: 'database', holders: [{ who: ann.session, fence: 1 }], waiting: [{ who: bob.session }] },
    ]);
    const at = performance.now();
    expect(await ann.call('lock_release', { lock: 'db' })).toMatchObject({ released: [{ lock: 'db', fence: 1 }] });
    expect(await waiting).toMatchObject({ granted: true, fence: 2 });
    // Far less than it was ready to wait.
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(await ann.fail('lock_release', { lock: 'db', fence: 1 })).toMatchObject({ code: 'not-allowed' });
    expect(await ann.fail('lock_acquire', { lock: 'db', fence: 1 })).toMatchObject({ code: 'not-allowed' });
  });

  test('given files, then they are reserved by pattern, and all of mine goes with one call', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    expect(await ann.call('lock_acquire', { kind: 'file', paths: ['./src/api/'] })).toMatchObject({
      lock: 'file',
      granted: true,
    });
    await ann.call('lock_acquire', { lock: 'gpu' });
    expect(await bob.call('lock_acquire', { kind: 'file', paths: ['src/api/x.ts'] })).toMatchObject({
      granted: false,
      held_by: [{ who: ann.session, paths: ['src/api/**'] }],
    });
    const before = rig.lines;
    expect((await ann.call('lock_release', { all: true })).released).toHaveLength(2);
    expect(rig.lines - before).toBe(1);
    expect(await bob.call('lock_acquire', { kind: 'file', paths: ['src/api/x.ts'] })).toMatchObject({
      granted: true,
      fence: 2,
    });
    expect(await ann.call('lock_release', { all: true })).toMatchObject({ released: [] });
  });

  test('given names that nobody has, then the failure names the nearest ones', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    await ann.call('lock_acquire', { lock: 'db-main' });
    expect(await ann.fail('lock_release', { lock: 'db-man' })).toMatchObject({ code: 'not-found', near: ['db-main'] });
    await ann.call('lock_release', { lock: 'db-main' });
    expect(await ann.call('lock_release', { lock: 'db-main' })).toMatchObject({ released: [] });
    expect(await ann.call('lock_release', { lock: 'file' })).toMatchObject({ released: [] });
    await ann.call('registry_save', { kind: 'agent', id: 'reviewer' });
    expect(await ann.fail('registry_save', { kind: 'agent', id: 'constructor' })).toMatchObject({
      code: 'invalid-input',
    });
    for (const link of ['reports_to', 'fallback'])
      expect(await ann.fail('registry_save', { kind: 'agent', id: 'coder', [link]: 'reviwer' })).toMatchObject({
        code: 'not-found',
        near: ['reviewer'],
      });
  });

  test('given input that says nothing or two things, then it is refused', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    const bad = [
      {},
      { lock: 'x', paths: ['a'] },
      { kind: 'file' },
      { kind: 'file', paths: ['../up'] },
      { lock: 'file' },
      { lock: 'A/B' },
      { kind: 'file', paths: ['a'], capacity: 2 },
    ];
    for (const args of bad)
      expect(await ann.fail('lock_acquire', args), JSON.stringify(args)).toMatchObject({ code: 'invalid-input' });
    for (const args of [{}, { lock: 'x', all: true }, { fence: 1 }])
      expect(await ann.fail('lock_release', args)).toMatchObject({ code: 'invalid-input' });
  });
});

describe('the registry', () => {
  test('given agents with skills, then those who are there come first, and the absent name who stands in', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann', { reviewer: 'worker', helper: 'worker' });
    await ann.call('registry_save', { kind: 'agent', id: 'reviewer', skills: ['review'], tier: 'coordinator' });
    await ann.call('registry_save', {
      kind: 'agent',
      id: 'auditor',
      skills: ['review', 'audit'],
      fallback: 'reviewer',
    });
    Object.assign(ann.services, { plans: new PlanIndex(ann.services.documents) });
    const found = async (text = '') => rows(await ann.call('plan_list', { kind: 'agent', text }), 'rows');
    expect(await found('review')).toMatchObject([
      { id: 'reviewer', available: true, tier: 'coordinator', live: [ann.session] },
      { id: 'auditor', available: false, fallback: 'reviewer' },
    ]);
    expect(await found('Audit review')).toMatchObject([{ id: 'auditor' }]);
    expect((await found()).map(({ id }) => id)).toEqual(['auditor', 'helper', 'reviewer']);
    expect((await found()).find(({ id }) => id === 'helper')).toMatchObject({ registered: false, live: [ann.session] });
  });

  test('given a circle, a stranger or itself as superior, then it is refused; given a change, only what differs is named', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    const save = (args: object) => ann.call('registry_save', { kind: 'agent', ...args });
    expect(await save({ id: 'a' })).toMatchObject({ created: true, version: 1 });
    await save({ id: 'b', reports_to: 'a' });
    await save({ id: 'c', reports_to: 'b' });
    const refused = await ann.fail('registry_save', { kind: 'agent', id: 'a', reports_to: 'c' });
    expect(refused).toMatchObject({
      code: 'invalid-input',
      issues: [{ at: 'reports_to', why: 'goes in a circle: a → c → b → a' }],
    });
    expect(await ann.fail('registry_save', { kind: 'agent', id: 'a', reports_to: 'a' })).toMatchObject({
      code: 'invalid-input',
    });
    expect(await ann.fail('registry_save', { kind: 'agent', id: 'a', reports_to: 'z' })).toMatchObject({
      code: 'not-found',
    });
    expect(await ann.fail('registry_save', { kind: 'tool', id: 't', reports_to: 'a' })).toMatchObject({
      code: 'invalid-input',
    });
    expect(await save({ id: 'a', skills: ['x'], model: 'm' })).toMatchObject({
      created: false,
      changed: ['skills', 'model'],
      version: 2,
    });
    expect(await save({ id: 'a', skills: ['x'] })).toMatchObject({ changed: [], version: 2 });
    expect(await save({ id: 'a', skills: ['y'] })).toMatchObject({ removed: { skills: ['x'] }, version: 3 });
    expect(await ann.fail('registry_save', { kind: 'agent', id: 'a', if_version: 1 })).toMatchObject({
      code: 'version-mismatch',
    });
    await ann.call('registry_save', { kind: 'command', id: 'test', usage: 'npm test' });
    const commands = ann.services.documents.peek((view) => registryRows(view, 'command', moment(ann)));
    expect(commands).toEqual([{ id: 'test', kind: 'command', usage: 'npm test' }]);
  });
});
