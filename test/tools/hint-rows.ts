// How each failure is brought about, for hints.test.ts: one list of rows per code. A code without an entry does not
// compile; a list of test files stands for what only a real store, a real client or a clock brings about.

import type { FailureCode } from '../../src/failure/failure.ts';
import { type Answer, TeamRig, type Window } from '../team-rig.ts';

export type Call = [tool: string, args: Answer];

export interface Made {
  window: Window;
  call: Call;
}

export interface Row {
  what: string;
  make(): Promise<Made>;
  /** Arguments for placeholders of the hinted calls, by tool. */
  fill?: Record<string, Answer>;
  /** The call that is to succeed after the hinted one; by default the failed call as it was. */
  again?(call: Call, answer: Answer, hinted: string): Call;
  /** For a hint that names no call, such as "correct it": the corrected call. */
  corrected?: Call;
  /** Hinted calls that are no reading tools, but meant as "look here" or "begin anew". */
  looks?: string[];
}

/** The test that holds the hint of a failure that no call of a tool on a sound store brings about. */
export interface Elsewhere {
  in: string;
  /** What that test names the failure by; default its code. */
  says?: string;
}

const nodes = [
  { id: 'a', kind: 'agent', task: 'do it' },
  { id: 'b', kind: 'agent', task: 'do more', needs: ['a'] },
];

const escalation = { kind: 'escalation', text: 'help' };
const worker = { beta: 'worker' as const };
const board = (): Record<string, Answer> => ({
  sprint_save: { title: 'S' },
  plan_save: { sprint: { title: 'S' }, tasks: [{ key: 'a', title: 'A' }] },
});

const saved: Call = ['graph_check', { nodes, save_as: 'release' }];

/** A window in which the calls have been made, and the call that is to fail. */
async function after(calls: Call[], call: Call, agents: Record<string, 'worker'> = {}): Promise<Made> {
  const window = await new TeamRig().window('one', agents);
  for (const [tool, args] of calls) await window.call(tool, args);
  return { window, call };
}

/** A window that asks for the node that an agent of another window had claimed before that one was gone. */
async function claimedElsewhere(effect: string, leave: (window: Window) => Promise<void>): Promise<Made> {
  const rig = new TeamRig();
  const [left, window] = [await rig.window('left'), await rig.window('one')];
  await left.call('graph_check', { nodes: [{ ...nodes[0], effect }, nodes[1]], save_as: 'release' });
  const { run } = await left.call('run_start', { graph: 'release' });
  await left.call('run_claim', { run, agent: 'ann' });
  await leave(left);
  return { window, call: ['run_claim', { run, node: 'a' }] };
}

const afterCalls = (calls: Call[], call: Call) => () => after(calls, call);

const twoTasks: Call = [
  'plan_save',
  {
    sprint: { title: 'S', status: 'active' },
    tasks: [
      { key: 'a', title: 'A' },
      { key: 'b', title: 'B', needs: ['a'] },
    ],
  },
];

export const hintRows: Record<FailureCode, Row[] | Elsewhere> = {
  'invalid-input': [
    {
      what: 'an escalation of an agent that reports to nobody',
      make: () => after([['registry_save', { kind: 'agent', id: 'boss' }]], ['message_send', escalation], worker),
      fill: { registry_save: { reports_to: 'boss' } },
    },
    {
      what: 'an escalation of a window without a name',
      make: afterCalls([['registry_save', { kind: 'agent', id: 'boss' }]], ['message_send', escalation]),
      fill: { session_update: { agent: { name: 'beta' } }, registry_save: { id: 'beta', reports_to: 'boss' } },
      looks: ['session_update'],
      // The entry helps once the window says which agent it is.
      again: (call, _, hinted) => (hinted === 'registry_save' ? ['session_update', { agent: { name: 'beta' } }] : call),
    },
  ],
  'unknown-tool': { in: 'test/mcp/server.test.ts' },
  'path-refused': [
    {
      what: 'a bracket that is not closed',
      make: afterCalls([], ['state_get', { path: '$.a[' }]),
    },
  ],
  'path-reserved': [
    {
      what: 'the whole document',
      make: afterCalls([], ['state_set', { path: '$', value: { a: 1 } }]),
      fill: { state_merge: { value: { a: 1 } } },
      again: () => ['state_get', { path: '$.a' }],
    },
    {
      what: 'the mode of the session',
      make: afterCalls([], ['state_set', { path: '$.session.mode', value: 'sprint' }]),
      fill: { session_update: { mode: 'sprint' } },
      // What was wanted is so: the call repeated goes on being refused, and the value can be read.
      again: () => ['state_get', { path: '$.session.mode' }],
    },
  ],
  'path-blocked': [
    {
      what: 'a place below a number',
      make: afterCalls([['state_set', { path: '$.a', value: 1 }]], ['state_set', { path: '$.a.b', value: 1 }]),
      fill: { state_set: { path: '$.a', value: {} } },
    },
    {
      what: 'an index where nothing is',
      make: afterCalls([], ['state_set', { path: '$.list[0]', value: 1 }]),
      fill: { state_set: { value: [0] } },
    },
  ],
  'value-refused': [
    {
      what: 'a number that loses digits',
      make: afterCalls([], ['state_set', { path: '$.n', value: 2 ** 60 }]),
      corrected: ['state_set', { path: '$.n', value: String(2n ** 60n) }],
    },
  ],
  'schema-violated': { in: 'test/tools/state-schemas.test.ts' },
  'too-large': [
    {
      what: 'a value above the limit',
      make: afterCalls([], ['state_set', { path: '$.v', value: 'x'.repeat(1024 * 1024 + 1) }]),
      corrected: ['state_set', { path: '$.v', value: 'kept in docs/v.txt' }],
    },
  ],
  'etag-mismatch': [
    {
      what: 'an etag of an older value',
      make: afterCalls(
        [['state_set', { path: '$.a', value: 1 }]],
        ['state_set', { path: '$.a', value: 2, if_etag: 'x' }],
      ),
      again: ([tool, args], { etag }) => [tool, { ...args, if_etag: etag }],
    },
  ],
  'already-exists': [
    {
      what: 'a value where none should be',
      make: afterCalls(
        [['state_set', { path: '$.a', value: 1 }]],
        ['state_set', { path: '$.a', value: 2, if_absent: true }],
      ),
    },
  ],
  'version-mismatch': [
    {
      what: 'a task of another version',
      make: afterCalls([twoTasks], ['task_save', { id: 'TSK-1', title: 'C', if_version: 9 }]),
    },
    {
      what: 'an entry of the registry that is new',
      make: afterCalls([], ['registry_save', { kind: 'agent', id: 'beta', if_version: 3 }]),
      corrected: ['registry_save', { kind: 'agent', id: 'beta', if_version: 0 }],
    },
  ],
  'request-reused': [
    {
      what: 'a request id of another call',
      make: afterCalls(
        [['state_set', { path: '$.a', value: 1, request_id: 'r' }]],
        ['state_set', { path: '$.a', value: 2, request_id: 'r' }],
      ),
      corrected: ['state_set', { path: '$.a', value: 2, request_id: 'r-2' }],
    },
  ],
  'unknown-seq': [
    {
      what: 'a seq to come',
      make: afterCalls([['state_set', { path: '$.a', value: 1 }]], ['state_get', { at: 1_000 }]),
      again: ([tool, args], { changes }) => [tool, { ...args, at: (changes as Answer[])[0]?.seq }],
    },
    {
      what: 'a seq at which the session did not exist yet',
      make: afterCalls([['state_set', { path: '$.a', value: 1 }]], ['state_restore', { to: 0 }]),
      again: ([tool, args], { changes }) => [tool, { ...args, to: (changes as Answer[])[0]?.seq }],
    },
  ],
  'unknown-session': [
    {
      what: 'a session of another name',
      make: afterCalls([], ['state_get', { session: 'ses-nobody' }]),
      looks: ['session_start'],
    },
  ],
  'session-ended': [
    {
      what: 'a write into a session that is completed',
      make: afterCalls([['session_update', { status: 'completed' }]], ['state_set', { path: '$.a', value: 1 }]),
      looks: ['session_recover'],
    },
  ],
  'unknown-handoff': [
    {
      what: 'an offer that was never made',
      make: afterCalls([], ['session_start', { handoff: 'hof-x' }]),
      looks: ['session_start'],
    },
  ],
  'illegal-transition': [
    {
      what: 'a sprint that is completed goes back to planned',
      make: afterCalls(
        [
          ['sprint_save', { title: 'S', status: 'active' }],
          ['sprint_save', { id: 'SPR-1', status: 'completed' }],
        ],
        ['sprint_save', { id: 'SPR-1', status: 'planned' }],
      ),
      looks: ['sprint_save'],
    },
  ],
  'not-found': [
    {
      what: 'a recipient that is nobody',
      make: afterCalls([], ['message_send', { to: 'nobody', text: 'hello' }]),
    },
    { what: 'a board without a sprint', make: afterCalls([], ['sprint_board', {}]), fill: board() },
    {
      what: 'a board without a sprint, with tasks',
      make: afterCalls([['task_save', { title: 'A' }]], ['sprint_board', {}]),
      fill: board(),
    },
    {
      what: 'a superior that is not registered',
      make: afterCalls([], ['registry_save', { kind: 'agent', id: 'beta', reports_to: 'boss' }]),
    },
    { what: 'a lock that nobody locked', make: afterCalls([], ['lock_release', { lock: 'x' }]) },
    {
      what: 'a decision that was not opened',
      make: afterCalls([], ['decision_vote', { decision: 'dec-x', option: 'a' }]),
      looks: ['decision_vote'],
    },
    {
      what: 'a message that was not sent',
      make: afterCalls([], ['message_read', { ack: ['prj-1.all#1'] }]),
      looks: ['message_read'],
    },
  ],
  'unknown-item': [
    { what: 'a task of no number', make: afterCalls([twoTasks], ['task_save', { id: 'TSK-9', title: 'x' }]) },
  ],
  'dependency-cycle': [
    {
      what: 'a task that needs what waits for it',
      make: afterCalls([twoTasks], ['task_save', { id: 'TSK-1', needs: ['TSK-2'] }]),
      corrected: ['task_save', { id: 'TSK-1', needs: [] }],
    },
  ],
  'needs-open': [
    { what: 'a task that waits', make: afterCalls([twoTasks], ['task_save', { id: 'TSK-2', status: 'active' }]) },
  ],
  'confirm-needed': [
    {
      what: 'archiving what another task waits for',
      make: afterCalls([twoTasks], ['task_save', { id: 'TSK-1', archived: true }]),
    },
  ],
  'unknown-graph': [
    {
      what: 'a graph that was not saved',
      make: afterCalls([], ['run_start', { graph: 'release' }]),
      fill: { graph_check: { nodes, save_as: 'release' } },
    },
  ],
  'unknown-run': [
    {
      what: 'a run of no id',
      make: afterCalls([saved], ['run_status', { run: 'run-x' }]),
      fill: { run_start: { graph: 'release' } },
      again: (call, { run }) => (run === undefined ? call : ['run_status', { run }]),
    },
  ],
  'unknown-node': [
    {
      what: 'a node of no id',
      async make() {
        const window = await new TeamRig().window('one');
        await window.call(...saved);
        const { run } = await window.call('run_start', { graph: 'release' });
        return { window, call: ['run_claim', { run, node: 'z' }] };
      },
    },
  ],
  'unknown-claim': [
    {
      what: 'a claim that was not given',
      make: afterCalls(
        [saved, ['run_start', { graph: 'release' }]],
        ['run_report', { claim: 'run-x/a#1', status: 'done' }],
      ),
      again: ([tool, args], { claim }) => [tool, { ...args, claim }],
    },
  ],
  'stale-claim': { in: 'test/domain/run/run.test.ts' },
  'node-not-ready': [
    {
      what: 'a node that waits for another',
      async make() {
        const window = await new TeamRig().window('one');
        await window.call(...saved);
        const { run } = await window.call('run_start', { graph: 'release' });
        return { window, call: ['run_claim', { run, node: 'b' }] };
      },
      looks: ['run_claim'],
    },
    {
      what: 'a node whose holder is gone with its window',
      make: () =>
        claimedElsewhere('idempotent', async ({ services }) => {
          services.windows.close();
          services.sessions.close();
        }),
      // Whoever goes on in its place does so under the agent's name.
      again: ([tool, args]) => [tool, { ...args, agent: 'ann' }],
    },
    {
      what: 'a node whose holder ended in the middle, and that must not be repeated',
      make: () =>
        claimedElsewhere('once', async (window) => {
          await window.call('session_update', { status: 'completed' });
        }),
      fill: { run_control: { decision: 'retry' } },
    },
  ],
  'read-only': { in: 'test/mcp/server.test.ts' },
  'not-allowed': [
    {
      what: 'a task for a sprint that is completed',
      make: afterCalls(
        [
          ['sprint_save', { title: 'S', status: 'active' }],
          ['sprint_save', { id: 'SPR-1', status: 'completed' }],
        ],
        ['task_save', { title: 'A', sprint: 'SPR-1' }],
      ),
    },
    {
      what: 'a change of a task that is archived',
      make: afterCalls(
        [
          ['task_save', { title: 'A' }],
          ['task_save', { id: 'TSK-1', archived: true }],
        ],
        ['task_save', { id: 'TSK-1', title: 'B' }],
      ),
    },
    {
      what: 'a run of a sprint without tasks',
      make: afterCalls([['sprint_save', { title: 'S', status: 'active' }]], ['run_start', { sprint: 'SPR-1' }]),
    },
    {
      what: 'the end of a sprint whose run goes on',
      make: afterCalls(
        [twoTasks, ['run_start', { sprint: 'SPR-1' }]],
        ['sprint_save', { id: 'SPR-1', status: 'completed', carry_to: 'backlog' }],
      ),
    },
  ],
  'rate-limited': { in: 'test/tools/call/rate-limit.test.ts' },
  'deadline-exceeded': { in: 'test/mcp/server.test.ts' },
  cancelled: { in: 'test/mcp/server.test.ts' },
  contended: { in: 'test/mcp/server.test.ts' },
  'outcome-unknown': { in: 'test/store/faults.test.ts' },
  'no-store': { in: 'test/cli/admin.test.ts', says: 'There is nothing here yet' },
  'store-full': { in: 'test/store/faults.test.ts' },
  'store-unwritable': { in: 'test/store/faults.test.ts' },
  'store-damaged': { in: 'test/store/damage.test.ts' },
  'store-moved': { in: 'test/store/moved.test.ts' },
  'store-newer': { in: 'test/domain/schemas.test.ts' },
  'store-unsafe': { in: 'test/store/unsafe.test.ts' },
};
