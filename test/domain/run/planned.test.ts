// Tasks that are planned for somebody, in runs of their sprint: to whom they are given, and to whom they come back.

import { beforeEach, describe, expect, test } from 'vitest';
import type { ClaimInput } from '../../../src/domain/run/fit.ts';
import { SprintRig } from './sprint-rig.ts';

const HOUR = 3_600_000;

let rig: SprintRig;
beforeEach(async () => {
  rig = new SprintRig();
  await rig.start({ a: '' });
  await rig.set(rig.id('a'), { assignee: 'carol' });
});

describe('a claim that ends without a result gives the task back to whom it was planned for', () => {
  test('released, withdrawn from the agent, or tried again', async () => {
    await rig.report(await rig.claim('ann'), 'released');
    expect(await rig.picture()).toBe('a todo/carol');
    await rig.report(await rig.claim('ann'), 'failed', { errorKind: 'needs_other_agent' });
    expect(await rig.picture()).toBe('a todo/carol');
    await rig.report(await rig.claim('bob'), 'failed', { errorKind: 'terminal' });
    expect(await rig.picture()).toBe('a blocked/bob');
    await rig.control('retry_node', { node: rig.node('a') });
    expect(await rig.picture()).toBe('a todo/carol');
  });

  test('lost, and given to another since', async () => {
    await rig.claim('ann');
    rig.now += HOUR;
    const claim = await rig.claim('bob');
    expect(await rig.picture()).toBe('a active/bob');
    await rig.report(claim, 'released');
    expect(await rig.picture()).toBe('a todo/carol');
  });

  test('its run is cancelled, or its node skipped', async () => {
    await rig.claim('ann');
    await rig.control('skip_node', { node: rig.node('a') });
    expect(await rig.picture()).toBe('a cancelled/carol');
    rig = new SprintRig();
    await rig.start({ a: '' });
    await rig.set(rig.id('a'), { assignee: 'carol' });
    await rig.claim('ann');
    await rig.control('cancel');
    expect(await rig.picture()).toBe('a todo/carol');
  });

  test('what was assigned by hand meanwhile stays so', async () => {
    const claim = await rig.claim('ann');
    await rig.set(rig.id('a'), { assignee: 'dave' });
    await rig.report(claim, 'released');
    expect(await rig.picture()).toBe('a todo/dave');
    await rig.report(await rig.claim('ann'), 'released');
    expect(await rig.picture()).toBe('a todo/dave');
    await rig.set(rig.id('a'), { assignee: '' });
    await rig.control('skip_node', { node: rig.node('a') });
    expect(await rig.picture()).toBe('a cancelled');
  });
});

describe('of ready nodes the caller is given its own first, then those of nobody', () => {
  const planned = (plan: Record<string, string>): Partial<ClaimInput> => ({
    planned: (node) => Object.entries(plan).find(([key]) => rig.node(key) === node)?.[1],
  });

  beforeEach(async () => {
    rig = new SprintRig();
    await rig.start({ a: '', b: '', c: '' });
  });

  test('in this order, whatever their rank; those of others last', async () => {
    const plan = planned({ a: 'carol', c: 'Ann' });
    for (const key of ['c', 'b', 'a']) expect(await rig.take('ann', plan)).toMatchObject({ node: rig.node(key) });
  });

  test('asked for by its id, or known under a further name', async () => {
    const plan = planned({ a: 'carol', b: 'carol', c: 'ses-one' });
    expect(await rig.take('ann', { ...plan, node: rig.node('b') })).toMatchObject({ node: rig.node('b') });
    expect(await rig.take('main', { ...plan, alsoNamed: ['ses-one'] })).toMatchObject({ node: rig.node('c') });
  });

  test('a hint does not pass over the order', async () => {
    const plan = planned({ a: 'carol', b: 'ann' });
    expect(await rig.take('ann', { ...plan, hint: () => rig.node('a') })).toMatchObject({ node: rig.node('b') });
  });
});
