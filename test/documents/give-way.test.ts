// The first use of an index reads all documents of its kind: other calls are answered meanwhile, and what they commit
// is in the answer.

import { afterEach, expect, test, vi } from 'vitest';
import type { Grouping, View } from '../../src/documents/documents.ts';
import { saveTask } from '../../src/domain/plan/save-task.ts';
import { ok } from '../../src/failure/failure.ts';
import { PlanIndex } from '../../src/views/plan/plan-index.ts';
import { MailWatch } from '../../src/views/team/mail-watch.ts';
import { Rig } from '../rig.ts';

const MANY = 600;
const by = { user: 'tester', tool: 'test' };
const grouping: Grouping<{ group: string }> = { kind: 'thing', groupsOf: ({ group }) => [group] };

afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes every step take longer than a slice. */
function slowly(): void {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 20;
    return now;
  });
}

/** Lets `act` run each time that the work gives way; resolves to how often that was. */
async function turnsBeside(work: Promise<unknown>, act: (turn: number) => unknown): Promise<number> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  let turns = 0;
  for (; !done; turns += 1) {
    await act(turns);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  return turns;
}

async function things(rig: Rig): Promise<void> {
  const make = (n: number) =>
    rig.documents.change((tx) => ok(tx.create(`thing/${n}`, { type: 'thing.made' }, { group: 'a' })), { by });
  await Promise.all(Array.from({ length: MANY }, (_, n) => make(n)));
}

function move(rig: Rig, n: number, group: string) {
  const ops = [{ op: 'replace' as const, path: '/group', value: group }];
  return rig.documents.change((tx) => ok(tx.patch(`thing/${n}`, { type: 'thing.moved' }, ops)), { by });
}

function expected(view: View, group: string): string[] {
  return view
    .streams('thing/')
    .filter((stream) => view.get<{ group: string }>(stream)?.group === group)
    .sort((a, b) => view.lastSeq(b) - view.lastSeq(a));
}

test('a group is made in slices, and holds what was committed meanwhile', async () => {
  const rig = new Rig();
  await things(rig);
  slowly();
  const looks: boolean[] = [];
  const look = rig.documents.read((view) => {
    looks.push(view.patient);
    const groups = ['a', 'b'].map((group) => view.grouped(grouping, group));
    expect(groups).toEqual([expected(view, 'a'), expected(view, 'b')]);
  });
  const turns = await turnsBeside(look, async (turn) => {
    if (turn >= 100) return;
    // One that is in its group already, and one that is not yet.
    await move(rig, turn, 'b');
    await move(rig, MANY - 1 - turn, turn % 2 === 0 ? 'b' : 'a');
  });
  expect(turns).toBeGreaterThan(100);
  expect(looks.length).toBeGreaterThan(1);
});

test('a look that others keep from ending does the rest itself', async () => {
  const rig = new Rig();
  await things(rig);
  slowly();
  let moved = 0;
  const look = rig.documents.read((view) => {
    // As many changes as commits could bring while work goes on.
    if (view.patient) view.grouped({ ...grouping }, 'a');
    else moved = view.grouped(grouping, 'a').length;
  });
  await look;
  expect(moved).toBe(MANY);
});

test('a look at present documents, which cannot wait, has all at once', async () => {
  const rig = new Rig();
  await things(rig);
  expect(rig.documents.peek((view) => view.grouped(grouping, 'a')).length).toBe(MANY);
});

test('the first look for mail and offers of work reads all sessions in slices', async () => {
  const rig = new Rig();
  const make = (n: number) => {
    const handoffs = n === 7 ? [{ id: 'hof-1', state: 'offered', to: 'ses-0', summary: 'work' }] : [];
    const facts = { id: `ses-${n}`, project: 'prj-1', workspace: 'w', status: 'active', agents: {}, handoffs };
    const session = { ...facts, mode: 'execute', created_at: '2026-01-01', expires_at: '2027-01-01' };
    return rig.documents.change((tx) => ok(tx.create(`session/ses-${n}`, { type: 'test.made' }, { session })), { by });
  };
  for (let n = 0; n < MANY; n += 1) await make(n);
  const mail = new MailWatch(rig.documents, { project: 'prj-1' }, () => rig.now);
  slowly();
  const note = mail.note(() => 'ses-0');
  expect(note).toBeInstanceOf(Promise);
  expect(await turnsBeside(Promise.resolve(note), () => undefined)).toBeGreaterThan(100);
  expect(await note).toContain('hof-1');
});

test('the plan is made in slices, and is the one that the documents say', async () => {
  const rig = new Rig();
  const fields = (n: number) => ({ title: `task ${n}`, ...(n > 1 && { needs: [`tsk-${n - 1}`] }) });
  for (let n = 1; n <= MANY; n += 1)
    await rig.documents.change((tx, ctx) => saveTask(tx, ctx, { project: 'prj-1', fields: fields(n) }), { by });
  const finish = (n: number) => {
    const command = { project: 'prj-1', id: `tsk-${n}`, fields: { status: 'done' as const }, force: true };
    return rig.documents.change((tx, ctx) => saveTask(tx, ctx, command), { by });
  };
  const plans = new PlanIndex(rig.documents);
  slowly();
  const readyIn = (view: View, index: PlanIndex) =>
    [...index.at(view).tasks.set('prj-1', 'ready').after(0)].map(({ id }) => id);
  let ready: string[] = [];
  const look = rig.documents.read((view) => {
    ready = readyIn(view, plans);
  });
  const turns = await turnsBeside(look, (turn) => (turn < 5 ? finish(turn + 1) : undefined));
  expect(turns).toBeGreaterThan(10);
  expect(ready).toEqual(rig.documents.peek((view) => readyIn(view, new PlanIndex(rig.documents))));
  expect(ready).toEqual(['tsk-6']);
});
