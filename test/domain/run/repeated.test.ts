// Reports that come again, or after their claim has ended: what is kept of them, and what is said of it.

import { beforeEach, describe, expect, test } from 'vitest';
import { controlRun } from '../../../src/domain/run/control.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let rig: RunRig;
let began: number;
beforeEach(async () => {
  rig = new RunRig([work('a', [], { retry: { max_attempts: 2 } }), work('b', ['a'])]);
  await rig.start();
  began = rig.clock.now;
});

describe('a report for a claim that has its result changes nothing, and says since when', () => {
  test('done again, with the same output, without one, and with another', async () => {
    const claim = await rig.claimed();
    expect(okOf(await rig.report(claim, 'done', { output: { a: 1 } }))).not.toHaveProperty('recorded');
    const before = rig.document();
    rig.clock.now += MINUTE;
    for (const more of [{ output: { a: 1 } }, {}])
      expect(okOf(await rig.report(claim, 'done', more))).toMatchObject({
        status: 'finished',
        recorded: { at: began, differs: false },
      });
    for (const more of [{ output: 2 }, { outputBlob: 'x' }])
      expect(okOf(await rig.report(claim, 'done', more))).toMatchObject({ recorded: { at: began, differs: true } });
    expect(rig.document()).toEqual(before);
  });

  test('failed again, for good and with a try left', async () => {
    const claim = await rig.claimed();
    await rig.report(claim, 'failed');
    expect(okOf(await rig.report(claim, 'failed'))).toEqual(
      expect.objectContaining({ status: 'retrying', recorded: { differs: false } }),
    );
    rig.clock.now += MINUTE;
    const last = await rig.claimed();
    await rig.report(last, 'failed');
    expect(okOf(await rig.report(last, 'failed'))).toMatchObject({ recorded: { at: began + MINUTE } });
  });
});

describe('late results', () => {
  test('each that brings something else is kept; one that came before is not kept twice, and says so', async () => {
    const claim = await rig.claimed();
    rig.clock.now += HOUR;
    const other = await rig.claimed({ agent: 'ses-two.main' });
    const came = rig.clock.now;
    for (const output of [1, 2]) {
      const told = okOf(await rig.report(claim, 'done', { output }));
      expect(told).toMatchObject({ status: 'late' });
      expect(told).not.toHaveProperty('recorded');
    }
    rig.clock.now += MINUTE;
    const again = okOf(await rig.report(claim, 'done', { output: 1 }));
    expect(again).toMatchObject({ status: 'late', recorded: { at: came, differs: false } });
    expect(rig.node('a')?.late).toMatchObject([{ output: 1 }, { output: 2 }]);
    expect(okOf(await rig.report(other, 'done'))).toMatchObject({ status: 'finished' });
  });

  test('of the holder of a node that somebody decided meanwhile', async () => {
    rig = new RunRig([work('a', [], { effect: 'once' })]);
    await rig.start();
    const claim = await rig.claimed();
    rig.clock.now += HOUR;
    const decide = { run: rig.run, action: 'decide' as const, node: 'a', decision: 'done' as const, output: 'by hand' };
    okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, decide)));
    expect(okOf(await rig.report(claim, 'done', { output: 'mine' }))).toMatchObject({ status: 'late' });
    expect(rig.node('a')).toMatchObject({ output: 'by hand', late: [{ output: 'mine' }] });
  });
});
