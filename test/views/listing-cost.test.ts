// Lists cost what they show: those of open runs and sessions read none of the many that have ended.

import { expect, test } from 'vitest';
import { dashboardViews } from '../../src/dashboard/index.ts';
import type { View } from '../../src/documents/documents.ts';
import { ok } from '../../src/failure/failure.ts';
import { firstRuns, openRuns, runRows } from '../../src/views/run/runs.ts';
import { allSessions, sessionRows, unendedSessions } from '../../src/views/session/sessions.ts';
import type { Source } from '../../src/views/source.ts';
import { Rig } from '../rig.ts';
import { TeamRig } from '../team-rig.ts';

const ENDED = 300;
const by = { user: 'tester', tool: 'test' };
const at = '2026-01-01T00:00:00.000Z';

/** How many documents a send reads, with the note on unread mail after it, by a window that has sent so many. */
async function sendCost(sent: number): Promise<number> {
  const window = await new TeamRig().window('ann');
  const send = () => window.call('message_send', { to: 'channel:dev', text: 'hello' });
  for (let n = 0; n < sent; n += 1) await send();
  const { documents } = window.services;
  const before = documents.counts().hits;
  await send();
  return documents.counts().hits - before;
}

test('of unread mail, whatever the window itself has sent', async () => {
  expect(await sendCost(750)).toBe(await sendCost(3));
});

test('of results used again and of the quality of runs, whatever has ended', async () => {
  const rig = await filled();
  for (const name of ['cache', 'metrics'] as const) {
    const look = (view: View) =>
      dashboardViews[name].sections(
        {
          view,
          now: rig.now,
          presence: rig.presence,
          project: { id: 'even', name: 'even' },
          served: () => new Set<string>(),
          graph: () => undefined,
          log: undefined,
        } as unknown as Source,
        10,
      );
    expect(await readBy(rig, look), name).toBeLessThan(20);
  }
});

test('of the last runs, as many as are shown', async () => {
  const rig = await filled();
  expect(await readBy(rig, (view) => firstRuns(view, 'even', 10))).toBe(10);
});

async function filled(): Promise<Rig> {
  const rig = new Rig();
  const make = (stream: string, value: object) =>
    rig.documents.change((tx) => ok(tx.create(stream, { type: 'test.made' }, value)), { by });
  for (let n = 0; n < ENDED + 3; n += 1) {
    const ended = n % 101 !== 0;
    const place = { project: n % 2 === 0 ? 'even' : 'odd', workspace: 'w' };
    const run = { id: `run-${n}`, name: `r${n}`, graph: 'g', nodes: {}, counters: {}, started_at: at, ...place };
    await make(`run/run-${n}`, { ...run, status: ended ? 'finished' : 'running' });
    const facts = { id: `ses-${n}`, mode: 'execute', agents: {}, handoffs: [], directory: '~', project_name: 'p' };
    const session = { ...facts, ...place, status: ended ? 'completed' : 'active', created_at: at, expires_at: at };
    await make(`session/ses-${n}`, { session });
  }
  return rig;
}

/** How many documents a look reads once its index is made. */
async function readBy(rig: Rig, look: (view: View) => unknown): Promise<number> {
  await rig.documents.read(look);
  const before = rig.documents.counts().hits;
  await rig.documents.read(look);
  return rig.documents.counts().hits - before;
}

const runsThat = (status: 'running' | 'failed' | undefined) => (view: View) =>
  runRows(
    view,
    { project: 'even', status },
    () => 1,
    (run) => run.status,
  );

test('of runs and sessions, whatever has ended', async () => {
  const rig = await filled();
  expect(await readBy(rig, runsThat('running'))).toBe(2);
  expect(await readBy(rig, runsThat('failed'))).toBe(0);
  expect(await readBy(rig, (view) => openRuns(view))).toBe(3);
  expect(await readBy(rig, (view) => unendedSessions(view))).toBe(3);
  expect(await readBy(rig, (view) => unendedSessions(view, 'odd'))).toBe(1);
});

test('in the order of their last changes, as a look at all of them finds', async () => {
  const rig = await filled();
  const ops = [{ op: 'replace' as const, path: '/name', value: 'changed' }];
  await rig.documents.change((tx) => ok(tx.patch('run/run-4', { type: 'test.renamed' }, ops)), { by });
  await rig.documents.read((view) => {
    const rows = runsThat(undefined)(view);
    const evens = Array.from({ length: ENDED + 3 }, (_, n) => n).filter((n) => n % 2 === 0 && n !== 4);
    expect(rows.map(({ run }) => run)).toEqual(['run-4', ...evens.reverse().map((n) => `run-${n}`)]);
    expect(runsThat('running')(view).map(({ run }) => run)).toEqual(['run-202', 'run-0']);
    expect(allSessions(view).length).toBe(ENDED + 3);
    expect(allSessions(view, 'odd')[0]?.id).toBe('ses-301');
    expect(sessionRows(unendedSessions(view, 'even'), rig.presence, rig.now).map(({ session }) => session)).toEqual([
      'ses-202',
      'ses-0',
    ]);
  });
});
