// The contract of followers: whatever the transitions, what each follower keeps agrees with the run afterwards, and so
// do the run's own numbers. Seeds are printed on failure.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TaskStatus } from '../../../src/domain/plan/task.ts';
import { type PoolDocument, poolStream } from '../../../src/domain/resource/pool.ts';
import type { RunDocument } from '../../../src/domain/run/document.ts';
import { follow } from '../../../src/domain/run/followers/index.ts';
import { liveIds, liveNodes } from '../../../src/domain/run/live.ts';
import { carriedOver, type Draft, heldBy } from '../../../src/domain/run/record.ts';
import { RunScope } from '../../../src/domain/run/scope.ts';
import { sprintDefinition } from '../../../src/domain/run/sprint.ts';
import { startRun } from '../../../src/domain/run/start.ts';
import { amend, transition } from '../../../src/domain/run/transition.ts';
import { countNodes } from '../../../src/graph/ready/outcome.ts';
import type { NodeStatus } from '../../../src/graph/ready/run-node.ts';
import { PlanRig, PROJECT } from '../plan/plan-rig.ts';

/** The diagram in run-node.ts. */
const NEXT: Record<NodeStatus | 'waiting', readonly NodeStatus[]> = {
  waiting: ['claimed', 'skipped', 'open', 'awaiting'],
  claimed: ['claimed', 'finished', 'failed', 'retrying', 'needs_decision', 'skipped', 'cancelled', 'gating'],
  retrying: ['claimed', 'skipped', 'retrying', 'cancelled'],
  needs_decision: ['retrying', 'finished', 'failed', 'skipped', 'cancelled'],
  failed: ['retrying', 'skipped'],
  skipped: ['retrying'],
  gating: ['finished', 'failed', 'retrying', 'needs_decision', 'skipped', 'cancelled'],
  open: ['finished', 'failed', 'skipped', 'cancelled'],
  awaiting: ['finished', 'failed', 'skipped', 'cancelled'],
  finished: [],
  cancelled: [],
};

class ScopeRig extends PlanRig {
  run = '';
  nodes: string[] = [];

  async begin(count: number): Promise<void> {
    const tasks = Array.from({ length: count }, (_, at) => ({ key: `k${at}`, title: `task ${at}` }));
    const planned = await this.plan({ sprint: { title: 'one', status: 'active' }, tasks });
    const sprint = planned.sprint ?? '';
    const built = await this.do((tx) => sprintDefinition(tx, PROJECT, sprint));
    const graph = this.documents.definitions.put(built.value.graph);
    const base = { project: PROJECT, workspace: 'wsp-1', session: 'ses-one', inputs: {} };
    this.run = (await this.do((tx, ctx) => startRun(tx, ctx, { ...base, graph: graph.hash, sprint }))).value.run;
    this.nodes = [...graph.prepared.ids];
  }

  /** One change of the run, in a commit of its own. */
  async in(change: (scope: RunScope) => void): Promise<void> {
    await this.do((tx, ctx) => {
      change(new RunScope(tx, ctx, this.run));
      return { ok: true, value: undefined };
    });
  }

  async document(): Promise<RunDocument> {
    const run = await this.doc<RunDocument>(`run/${this.run}`);
    if (run === undefined) throw new Error('no run');
    return run;
  }
}

interface Step {
  node: number;
  pick: number;
  agent: number;
  server: boolean;
  tokens: number;
}

function move(scope: RunScope, id: string, { pick, agent, server, tokens }: Step): void {
  const before = scope.record(id);
  const legal = NEXT[before?.status ?? 'waiting'];
  const status = legal[pick % Math.max(1, legal.length)];
  if (status === undefined) return;
  const base = { ...carriedOver(before), ...heldBy(before), tokens: (before?.tokens ?? 0) + tokens };
  transition(scope, id, draftOf(scope, { id, status, base, name: `a${agent}`, server }), 'node.progressed');
}

type Base = Pick<Draft, 'attempt' | 'fence' | 'claim' | 'tokens'>;

function draftOf(
  scope: RunScope,
  { id, status, base, name, server }: { id: string; status: NodeStatus; base: Base; name: string; server: boolean },
): Draft {
  if (status !== 'claimed') return { ...base, status };
  const fence = base.fence + 1;
  const lease = { lease_ms: 60_000, lease_until: scope.ctx.now + 60_000 };
  const place = { host: 'h', boot: 'b', pid: 1, start: '1' };
  const holder = { agent: `ses-one.${name}`, agent_name: name, session: 'ses-one', started_at: scope.ctx.now };
  const claim = `${scope.id}.${id}.${fence}.abcdef`;
  return { ...base, ...holder, ...lease, fence, claim, status, server: server ? place : undefined };
}

const FOLLOWED: Record<NodeStatus | 'waiting', TaskStatus> = {
  waiting: 'todo',
  claimed: 'active',
  open: 'active',
  gating: 'review',
  awaiting: 'active',
  retrying: 'todo',
  needs_decision: 'blocked',
  failed: 'blocked',
  finished: 'done',
  skipped: 'cancelled',
  cancelled: 'todo',
};

/** What each follower keeps, compared with the run. A new follower has its line here. */
const SUMS: Record<string, (rig: ScopeRig, run: RunDocument) => Promise<void>> = {
  'agent-limit': async (rig, run) => {
    const held = (await rig.doc<PoolDocument>(poolStream(PROJECT)))?.held ?? {};
    const agents = liveNodes(run).filter(([, node]) => node.server === undefined);
    const expected = agents.map(([id, { claim, agent, lease_until, lease_ms, agent_name: name }]) => [
      `${run.id}.${id}`,
      { run: run.id, claim, agent, lease_until, lease_ms, name },
    ]);
    expect(held).toEqual(Object.fromEntries(expected));
  },
  task: async (rig, run) => {
    for (const id of rig.nodes) {
      const node = run.nodes[id];
      const task = await rig.taskDoc(id);
      expect(`${id} ${task.status}`).toBe(`${id} ${FOLLOWED[node?.status ?? 'waiting']}`);
      if (node?.status === 'claimed') expect(task.assignee).toBe(node.agent_name);
    }
  },
};

async function expectSums(rig: ScopeRig): Promise<void> {
  const run = await rig.document();
  const counted = Object.entries(run.counters).filter(([, count]) => count > 0);
  const nodes = Object.entries(countNodes(run.nodes)).filter(([, count]) => count > 0);
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(nodes));
  const claimed = rig.nodes.filter((id) => run.nodes[id]?.status === 'claimed');
  expect(Object.keys(run.live ?? {}).sort()).toEqual([...claimed].sort());
  const spent = Object.values(run.nodes).reduce((sum, node) => sum + (node.tokens ?? 0), 0);
  expect(run.tokens ?? 0).toBe(spent);
  for (const agrees of Object.values(SUMS)) await agrees(rig, run);
}

const step = fc.record({
  node: fc.nat(3),
  pick: fc.nat(20),
  agent: fc.nat(2),
  server: fc.boolean(),
  tokens: fc.nat(5),
});

test('every follower has its sums here', () => {
  const folder = path.join(import.meta.dirname, '../../../src/domain/run/followers');
  const files = readdirSync(folder).map((name) => name.replace(/\.ts$/, ''));
  expect(files.filter((name) => name !== 'index' && name !== 'follower').sort()).toEqual(Object.keys(SUMS).sort());
});

test('property: after any transitions the sums of every follower agree with the run', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const rig = new ScopeRig();
      await rig.begin(4);
      await expectSums(rig);
      for (const one of steps) {
        await rig.in((scope) => move(scope, rig.nodes[one.node] ?? '', one));
        await expectSums(rig);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('property: several transitions in one commit leave the sums as one commit each does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
      const rig = new ScopeRig();
      await rig.begin(4);
      await rig.in((scope) => {
        for (const one of steps) move(scope, rig.nodes[one.node] ?? '', one);
      });
      await expectSums(rig);
    }),
    { numRuns: 40 },
  );
}, 60_000);

const claim: Step = { node: 0, pick: 0, agent: 0, server: false, tokens: 0 };

test('a follower told the same twice changes nothing', async () => {
  const rig = new ScopeRig();
  await rig.begin(2);
  const [id = ''] = rig.nodes;
  await rig.in((scope) => move(scope, id, claim));
  const seq = rig.documents.store.seq();
  await rig.in((scope) => {
    const record = scope.record(id);
    if (record !== undefined) follow(scope, id, record, record);
  });
  expect(rig.documents.store.seq()).toBe(seq);
});

test('a lease that is stored anew is followed as well', async () => {
  const rig = new ScopeRig();
  await rig.begin(2);
  const [id = ''] = rig.nodes;
  await rig.in((scope) => move(scope, id, claim));
  await rig.in((scope) => amend(scope, id, { lease_until: scope.ctx.now + 90_000 }, 'node.renewed'));
  await expectSums(rig);
});

test('a run stored before a status and the list of claims existed goes on', async () => {
  const rig = new ScopeRig();
  await rig.begin(3);
  const [first = '', second = ''] = rig.nodes;
  await rig.in((scope) => move(scope, first, claim));
  await rig.in(({ tx }) =>
    tx.edit<RunDocument>(`run/${rig.run}`, { type: 'run.resumed' }, (draft) => {
      delete draft.counters.finished;
      delete draft.live;
    }),
  );
  expect(liveIds(await rig.document())).toEqual([first]);
  await rig.in((scope) => move(scope, second, claim));
  await rig.in((scope) => move(scope, first, { ...claim, pick: 1 }));
  expect((await rig.document()).nodes[first]?.status).toBe('finished');
  await expectSums(rig);
});

test('a list of claims that another program left behind is not believed, and set right by the next transition', async () => {
  const rig = new ScopeRig();
  await rig.begin(3);
  const [first = '', second = '', third = ''] = rig.nodes;
  await rig.in((scope) => move(scope, first, claim));
  await rig.in((scope) => move(scope, second, { ...claim, agent: 1 }));
  // As many as are counted, but one of them is not claimed any more.
  await rig.in((scope) => move(scope, third, { ...claim, agent: 2 }));
  await rig.in((scope) => move(scope, second, { ...claim, pick: 1 }));
  await rig.in(({ tx }) =>
    tx.patch(`run/${rig.run}`, { type: 'run.resumed' }, [
      { op: 'add', path: '/live', value: { [first]: true, [second]: true } },
    ]),
  );
  expect(liveIds(await rig.document()).sort()).toEqual([first, third].sort());
  await rig.in((scope) => move(scope, third, { ...claim, pick: 1 }));
  await expectSums(rig);
});
