// A scenario in steps that any client can make: session, project, sprint, board, message, decision. Driven by the
// official client (test/e2e/path.test.ts) and by MCP Inspector (inspector.test.ts).

export type Answer = Record<string, unknown>;

/** One window of the two: `one` leads, `two` answers. */
export type Who = 'one' | 'two';

export interface Client {
  /** The structured answer of a call; throws if it fails. */
  call(who: Who, tool: string, args: object): Promise<Answer>;
  /** The error text of a call; throws if it does not fail. */
  refused(who: Who, tool: string, args: object): Promise<string>;
  /** A resource's text. */
  read(who: Who, uri: string): Promise<string>;
  /** A prompt's text. */
  prompt(who: Who, name: string, args: Record<string, string>): Promise<string>;
}

/** What each step must hold, told to whoever walks it: a matcher in the manner of `expect(…).toMatchObject`. */
export type Check = (what: string, answer: unknown, expected: unknown) => void;

export async function walk({ call, refused, read, prompt }: Client, check: Check): Promise<void> {
  // Session.
  const { session } = await call('one', 'session_start', { name: 'lead', mode: 'leadership' });
  const second = await call('two', 'session_start', { name: 'second', resume: 'new' });
  check('two windows', session !== second.session, true);

  // Project.
  const config = {
    teams: { core: { orchestrator: session, members: [second.session] } },
    pools: { coder: { max: 2 } },
  };
  const dry = await call('one', 'project_save', { config, dry_run: true });
  check('a preview', dry, { dry_run: true, difference: [{ op: 'add' }] });
  await call('one', 'project_save', { config });
  const project = await call('two', 'project_get', {});
  check('the other window has it at once', project, { config: { pools: { coder: { max: 2 } } } });

  // Sprint.
  const plan = {
    epic: { title: 'Login' },
    sprint: { title: 'Week 1', goal: 'People log in', capacity: 10, status: 'active' },
    tasks: [
      { key: 'api', title: 'Serve it', points: 3, labels: ['go'] },
      { key: 'ui', title: 'Show it', points: 5, needs: ['api'] },
    ],
    request_id: 'plan-1',
  };
  const planned = await call('one', 'plan_save', plan);
  check('a plan', planned, { sprint: 'SPR-1', ids: { api: 'TSK-1', ui: 'TSK-2' }, ready: ['TSK-1'] });
  check('made once', await call('one', 'plan_save', plan), { sprint: 'SPR-1', replayed: true });
  await call('one', 'sprint_save', { id: 'SPR-1', join: true });
  await call('two', 'session_update', { sprint: 'SPR-1' });
  const early = await refused('two', 'task_save', { id: 'TSK-2', status: 'active' });
  check('what is not ready', early.includes('it needs TSK-1'), true);
  await call('two', 'task_save', { id: 'TSK-1', status: 'active', assignee: 'ann' });
  check('what became ready', await call('two', 'task_save', { id: 'TSK-1', status: 'done' }), { unblocked: ['TSK-2'] });

  // Board.
  const board = await call('one', 'sprint_board', {});
  check('the board', board, {
    sprint: { id: 'SPR-1', progress: 38, sessions: [session, second.session], left: 1, ready: 1 },
    columns: [{ status: 'todo', count: 1 }, {}, {}, {}, { status: 'done', count: 1 }, {}],
    suggest: [{ id: 'TSK-2' }],
  });
  const uri = `baton://projects/${String(project.project)}/board`;
  check('the board as a resource', JSON.parse(await read('two', uri)), { sprint: { id: 'SPR-1' } });
  const screen = await call('two', 'dashboard_get', { view: 'sprint', format: 'text' });
  check('the board on a screen', String(screen.text).includes('Week 1'), true);

  // Message.
  const sent = await call('two', 'message_send', { to: String(session), kind: 'request', text: 'May I take TSK-2?' });
  check('a message', sent, { state: 'queued', recipients: 1 });
  check('the line in other answers', await call('one', 'project_get', {}), {
    note: '1 unread message: call message_read',
  });
  const mail = await call('one', 'message_read', {});
  check('mail', mail, { messages: [{ id: sent.message, from: second.session, text: 'May I take TSK-2?' }], unread: 0 });
  await call('one', 'message_send', { to: 'team:core', text: 'Yes', thread: sent.message });
  const thread = await call('two', 'message_read', { thread: sent.message });
  check('its conversation', thread, { messages: [{ state: 'acked' }, { text: 'Yes' }] });

  // Decision.
  const allocations = { yes: { pools: { coder: { max: 4 } } } };
  const asked = { title: 'More coders?', options: ['yes', 'no'], kind: 'allocation', allocations, quorum: 2 };
  const { decision } = await call('one', 'decision_open', asked);
  await call('one', 'decision_vote', { decision, option: 'yes' });
  const closed = await call('two', 'decision_vote', { decision, option: 'yes', reason: 'there is enough to do' });
  check('the outcome', closed, { status: 'passed', outcome: 'yes', tally: [{ option: 'yes', votes: 2 }, {}] });
  check('what it changed', await call('one', 'project_get', {}), { config: { pools: { coder: { max: 4 } } } });
  const told = JSON.stringify((await call('one', 'message_read', {})).messages);
  check('who opened it is told', told.includes('It is passed: yes'), true);

  // And the end.
  check(
    'a prompt',
    (await prompt('one', 'sprint_close', { sprint: 'SPR-1' })).includes('sprint_save {"id":"SPR-1"'),
    true,
  );
  const open = await refused('one', 'sprint_save', { id: 'SPR-1', status: 'completed' });
  check('what is open is asked for', open.includes('leave 1 unfinished tasks (TSK-2)'), true);
  const ended = await call('one', 'sprint_save', { id: 'SPR-1', status: 'completed', carry_to: 'backlog' });
  check('a sprint that ended', ended, { carried: 1 });
}
