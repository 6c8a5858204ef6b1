// Makes the golden store of runs through the tools of a built server: runs and nodes in every status, with sessions,
// plans and messages around them. Only process numbers in it depend on the machine. Called by fixtures/golden-runs.ts.

import { type Answer, type GoldenServer, type Names, Place } from './golden-servers.ts';

const START = Date.parse('2026-01-01T08:00:00Z');
const MINUTE = 60_000;
const LONG = { lease_s: 7_200 };
const SHORT = { lease_s: 60 };
const NODE = ['node', '-e'];
/** How long the commands of the killed server go on: longer than all others take. */
const HOLD_MS = 5_000;

interface World {
  place: Place;
  names: Names;
  alpha: GoldenServer;
  beta: GoldenServer;
}

export async function makeGolden(program: string): Promise<{ place: Place; names: Names }> {
  const place = new Place(program, START);
  const names: Names = { end: 0, sessions: {}, runs: {}, claims: {}, tasks: {} };
  const alpha = await window(place, names, 'alpha', 'leadership');
  const beta = await window(place, names, 'beta', 'development');
  const world: World = { place, names, alpha, beta };
  await surroundings(world);
  await graphs(world);
  await ended(world);
  await cancelled(world);
  await resumed(world);
  await stuckAndPaused(world);
  await budget(world);
  await releaseEarly(world);
  await commands(world);
  await sprint(world);
  await handover(world);
  await releaseHeld(world);
  await talk(world);
  await place.closeServers();
  names.end = place.now;
  return { place, names };
}

async function window(place: Place, names: Names, name: string, mode: string): Promise<GoldenServer> {
  const server = await place.server({ boot: 'golden-boot-1' });
  const started = await server.call('session_start', { name, mode, resume: 'new' });
  names.sessions[name] = String(started.session);
  return server;
}

async function surroundings({ alpha, beta }: World): Promise<void> {
  const status = { enum: ['todo', 'active', 'done'] };
  await alpha.call('project_save', {
    name: 'golden',
    config: {
      global_settings: { token_budget: 5_000, max_concurrent_agents: 40 },
      pools: { coder: 2, reviewer: { max: 3, min: 1, policy: 'demand', nodes_per_agent: 2 } },
      resources: { staging: { capacity: 1, kind: 'database', description: 'Ask before you reset it' } },
      schemas: { '$.tasks.*': { type: 'object', required: ['status'], properties: { status } } },
      policies: [{ name: 'no-secrets', tool: 'state_*', decision: 'deny', when: { args: { path: '$.secrets*' } } }],
      teams: { core: { orchestrator: 'lead', members: ['coder', 'reviewer'] } },
    },
  });
  await alpha.call('registry_save', { kind: 'agent', id: 'lead', tier: 'orchestrator', skills: ['plan'] });
  await alpha.call('registry_save', { kind: 'agent', id: 'coder', tier: 'worker', reports_to: 'lead', skills: ['ts'] });
  await alpha.call('session_update', { user_context: { language: 'en' }, agent: { name: 'coder', role: 'worker' } });
  const set = { path: '$.tasks.one', value: { status: 'todo' }, request_id: 'set-one' };
  await alpha.call('state_set', set);
  await alpha.call('state_set', set);
  const { seq } = await alpha.call('state_merge', {
    path: '$.tasks',
    value: { two: { status: 'active', by: 'coder' } },
  });
  await alpha.call('state_set', { path: '$.tasks.one.status', value: 'done' });
  await alpha.call('state_delete', { path: '$.tasks.two' });
  await alpha.call('state_restore', { path: '$.tasks.two', to: seq });
  const operations = [
    { op: 'set', path: '$.notes', value: ['line\nbreak', 'ünï 🚀', '~/a~1b'] },
    { op: 'merge', path: '$.limits', value: { retries: 3, ratio: 0.5, off: false } },
  ];
  await beta.call('state_batch', { operations });
}

/** Agent nodes, each with an id and its needs. */
function work(id: string, needs: string[] = [], more: Answer = {}): Answer {
  return { id, kind: 'agent', task: `Do ${id}.`, needs, ...more };
}

function program(id: string, code: string, more: Answer = {}): Answer {
  return { id, kind: 'command', command: [...NODE, code], ...more };
}

async function graphs({ alpha }: World): Promise<void> {
  const save = async (save_as: string, nodes: Answer[], more: Answer = {}): Promise<void> => {
    await alpha.call('graph_check', { nodes, save_as, ...more });
  };
  const joined = 'code-a code-b released flaky limited other skipme undecided lapsed lost named skilled'.split(' ');
  const retry = { max_attempts: 3, backoff_s: 1_800, factor: 2, max_backoff_s: 3_600 };
  await save(
    'release',
    [
      work('plan', [], { title: 'Plan the release', output: 'a list', priority: 1 }),
      work('big', ['plan']),
      work('code-a', ['plan'], { timeouts: LONG, estimate_s: 900 }),
      work('code-b', ['plan'], { timeouts: LONG, estimate_s: 600 }),
      work('released', ['plan']),
      work('flaky', ['plan'], { retry }),
      work('limited', ['plan']),
      work('other', ['plan']),
      work('broken', ['plan']),
      work('after-broken', ['broken']),
      work('skipme', ['plan']),
      work('undecided', ['plan'], { effect: 'once', timeouts: SHORT }),
      work('lapsed', ['plan'], { timeouts: SHORT }),
      work('lost', ['plan'], { timeouts: SHORT, effect: 'pure' }),
      work('named', ['plan'], { agent: 'writer' }),
      work('skilled', ['plan'], { skills: ['rust', 'review'] }),
      work('last', joined),
    ],
    { on_failure: 'continue', description: 'Everything at once', defaults: { timeouts: { run_s: 3_600 } } },
  );
  await save('pair', [work('first'), work('second', ['first']), work('third', ['second'])]);
  const again = [work('first'), work('second', ['first']), work('third', ['second'], { title: 'Third' })];
  await save('pair', again, { max_parallel: 2 });
  await save('undo', [
    work('held', [], { timeouts: LONG }),
    work('again', [], { retry }),
    work('doubt', [], { effect: 'once', timeouts: SHORT }),
  ]);
  await save('doubtful', [work('doubt', [], { effect: 'once', timeouts: SHORT }), work('after', ['doubt'])]);
  const hold = 'setTimeout(() => {}, Number(process.env.LC_HOLD_MS))';
  await save(
    'commands',
    [
      program('ok', 'console.log("built")'),
      program('retry', 'console.error("no"); process.exit(1)', { retry }),
      program('fail', 'process.exit(3)', { env: { MODE: 'golden' } }),
      program('long', `console.log("x".repeat(5000))`, { needs: ['ok'] }),
      program('once', hold, { timeouts: LONG }),
      program('again', hold, { effect: 'idempotent', timeouts: { ...LONG, run_s: 60 } }),
      work('report', ['ok', 'long']),
    ],
    { on_failure: 'continue' },
  );
}

/** A new run. */
async function start({ alpha, names }: World, name: string, args: Answer): Promise<string> {
  const { run } = await alpha.call('run_start', args);
  names.runs[name] = String(run);
  return String(run);
}

/** A claim, kept under `<run's name>.<node>` and, where that is taken, with the agent after it. */
async function claim(
  { names }: World,
  by: GoldenServer,
  name: string,
  node: string,
  more: Answer = {},
): Promise<string> {
  const claimed = await by.call('run_claim', { run: names.runs[name], node, ...more });
  const label = `${name}.${node}`;
  const key = names.claims[label] === undefined ? label : `${label}.${String(more.agent ?? 'again')}`;
  names.claims[key] = String(claimed.claim);
  return String(claimed.claim);
}

async function done(world: World, by: GoldenServer, name: string, node: string, more: Answer = {}): Promise<void> {
  const claimed = await claim(world, by, name, node);
  await by.call('run_report', { claim: claimed, status: 'done', output: { made: node }, ...more });
}

/** A finished run that had failed in between, and a failed one. */
async function ended(world: World): Promise<void> {
  const { alpha, beta } = world;
  const run = await start(world, 'finished', { graph: 'pair', inputs: { branch: 'main' }, request_id: 'start-1' });
  await alpha.call('run_start', { graph: 'pair', inputs: { branch: 'main' }, request_id: 'start-1' });
  await done(world, beta, 'finished', 'first', { evidence: { tests: 12 }, cost_usd: 0.25, tokens: 40 });
  const second = await claim(world, alpha, 'finished', 'second');
  await alpha.call('run_report', { claim: second, status: 'failed', error_kind: 'terminal', summary: 'no disk' });
  await alpha.call('run_control', { run, action: 'retry_node', node: 'second', reason: 'there is one' });
  await done(world, alpha, 'finished', 'second');
  await alpha.call('run_control', { run, action: 'skip_node', node: 'third', reason: 'not wanted' });
  await start(world, 'failed', { graph: 'pair', on_failure: 'fail_fast', max_parallel: 1 });
  await done(world, alpha, 'failed', 'first', { summary: 'as ever' });
  const failing = await claim(world, beta, 'failed', 'second', { agent: 'tester' });
  await beta.call('run_report', { claim: failing, status: 'failed', summary: 'it does not build', tokens: 9 });
}

async function cancelled(world: World): Promise<void> {
  const { alpha, beta } = world;
  const run = await start(world, 'cancelled', { graph: 'undo' });
  await claim(world, beta, 'cancelled', 'held', { agent: 'holder' });
  const again = await claim(world, alpha, 'cancelled', 'again');
  await alpha.call('run_report', { claim: again, status: 'failed', summary: 'later' });
  await alpha.call('run_control', { run, action: 'cancel', reason: 'enough' });
  const late = { claim: world.names.claims['cancelled.held'], status: 'done', output: [1, 2, 3] };
  await beta.call('run_report', late);
}

async function resumed(world: World): Promise<void> {
  await start(world, 'resumed', { graph: 'pair', resume_from: world.names.runs.failed });
}

async function stuckAndPaused(world: World): Promise<void> {
  const { alpha, beta, place } = world;
  const run = await start(world, 'stuck', { graph: 'doubtful' });
  await claim(world, beta, 'stuck', 'doubt', { agent: 'gone' });
  place.moveTo(place.now + 2 * MINUTE);
  await alpha.ask('run_claim', { run });
  const paused = await start(world, 'paused', { graph: 'undo' });
  const claimed = await claim(world, alpha, 'paused', 'again');
  await alpha.call('run_report', { claim: claimed, status: 'released' });
  await claim(world, beta, 'paused', 'held', { agent: 'holder' });
  await alpha.call('run_control', { run: paused, action: 'pause' });
}

async function budget(world: World): Promise<void> {
  await start(world, 'budget', { graph: 'pair' });
  await done(world, world.alpha, 'budget', 'first', { tokens: 6_000 });
}

/** Nodes that were given back, failed in all ways, lost or skipped. */
async function releaseEarly(world: World): Promise<void> {
  const { alpha, beta, place, names } = world;
  const run = await start(world, 'release', { graph: 'release', inputs: { version: '1.2.0' }, max_parallel: 12 });
  const plan = { run, node: 'plan', request_id: 'claim-plan' };
  const { claim: planned } = await alpha.call('run_claim', plan);
  names.claims['release.plan'] = String(planned);
  const report = { claim: planned, status: 'done', output: { steps: ['a', 'b'] }, tokens: 120, cost_usd: 0.5 };
  await alpha.call('run_report', {
    ...report,
    summary: 'planned',
    evidence: { by: 'hand' },
    request_id: 'report-plan',
  });
  await done(world, alpha, 'release', 'big', { output: { text: 'big '.repeat(2_500) } });
  const failures: [string, Answer][] = [
    ['flaky', { status: 'failed', summary: 'it flickers', tokens: 10 }],
    ['limited', { status: 'failed', error_kind: 'rate_limited', retry_after_s: 3_600, summary: 'too fast' }],
    ['other', { status: 'failed', error_kind: 'needs_other_agent', summary: 'not mine' }],
    ['broken', { status: 'failed', error_kind: 'terminal', summary: 'it cannot be done' }],
    ['released', { status: 'released', summary: 'no time' }],
  ];
  for (const [node, said] of failures) {
    const claimed = await claim(world, alpha, 'release', node);
    await alpha.call('run_report', { claim: claimed, ...said });
  }
  await alpha.call('run_control', { run, action: 'skip_node', node: 'skipme', reason: 'not this time' });
  await claim(world, beta, 'release', 'undecided', { agent: 'gone' });
  const lost = await claim(world, beta, 'release', 'lost', { agent: 'slow' });
  place.moveTo(place.now + 2 * MINUTE);
  await claim(world, alpha, 'release', 'lost', { agent: 'quick' });
  const late = { claim: lost, status: 'done', output: { late: true }, summary: 'at last' };
  await beta.call('run_report', late);
  await alpha.call('run_report', { claim: names.claims['release.lost.quick'], status: 'progress', percent: 10 });
}

/** Finished, failed, retrying and orphaned command nodes: the server that runs two of them is killed. */
async function commands(world: World): Promise<void> {
  const { place, alpha, names } = world;
  const runner = await place.server({ boot: 'golden-boot-1', session: names.sessions.beta, commands: HOLD_MS });
  place.stepMs = 0;
  const run = await start(world, 'commands', { graph: 'commands' });
  for (;;) {
    const wait = await alpha.call('run_status', { run });
    const nodes = wait.nodes as { node: string; status: string }[];
    const settled = { ok: 'finished', long: 'finished', retry: 'retrying', fail: 'failed' } as Record<string, string>;
    const holds = await Promise.all(
      ['once', 'again'].map(async (node) => (await alpha.call('run_status', { run, node })).detail as Answer),
    );
    if (nodes.every(({ node, status }) => (settled[node] ?? status) === status) && holds.every((one) => one.process))
      break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await runner.kill();
  place.stepMs = 1_000;
}

/** A sprint of tasks that a run moves and that people move beside it. */
async function sprint(world: World): Promise<void> {
  const { alpha, beta, names } = world;
  const task = (key: string, needs: string[] = []): Answer => ({ key, title: `Task ${key}`, needs, points: 2 });
  const tasks = [task('api'), task('ui', ['api']), task('docs'), task('mail'), task('deploy', ['ui', 'docs'])];
  const more = [task('dropped'), task('barred'), task('doomed'), task('reviewed')];
  const saved = await alpha.call('plan_save', {
    epic: { title: 'Ship it', owner: 'lead' },
    sprint: { title: 'First', goal: 'A golden sprint', status: 'active', capacity: 30 },
    tasks: [...tasks, ...more],
  });
  names.tasks = saved.ids as Record<string, string>;
  names.tasks.sprint = String(saved.sprint);
  const id = (key: string): string => String(names.tasks[key]);
  await alpha.call('sprint_save', { id: id('sprint'), join: true });
  await start(world, 'sprint', { sprint: id('sprint'), on_failure: 'continue' });
  await done(world, alpha, 'sprint', id('api'), { summary: 'the api stands' });
  await claim(world, beta, 'sprint', id('docs'), { agent: 'writer' });
  await alpha.call('task_save', { id: id('docs'), status: 'done' });
  await claim(world, alpha, 'sprint', id('mail'), { agent: 'lead' });
  await alpha.call('task_save', { id: id('dropped'), status: 'cancelled' });
  await alpha.call('task_save', { id: id('barred'), status: 'blocked', blocked_reason: 'no licence' });
  const doomed = await claim(world, beta, 'sprint', id('doomed'));
  await beta.call('run_report', { claim: doomed, status: 'failed', error_kind: 'terminal', summary: 'no way' });
  await alpha.call('task_save', { title: 'Found on the way', labels: ['bug'], discovered_from: id('mail') });
}

/** Claims that moved from one session to another, and an offer that nobody took. */
async function handover(world: World): Promise<void> {
  const { place, names, beta } = world;
  const gamma = await window(place, names, 'gamma', 'development');
  await start(world, 'handover', { graph: 'undo' });
  await claim(world, gamma, 'handover', 'held', { agent: 'one' });
  await claim(world, gamma, 'handover', 'again', { agent: 'two' });
  await gamma.call('state_set', { path: '$.tasks.moved', value: { status: 'active' } });
  const said = { summary: 'The rest is yours', next_steps: ['report'], decisions: ['no frills'] };
  const offer = await gamma.call('session_handoff', said);
  const delta = await place.server({ boot: 'golden-boot-1' });
  const taken = await delta.call('session_start', { name: 'delta', handoff: offer.handoff });
  names.sessions.delta = String(taken.session);
  await gamma.ask('run_report', { claim: names.claims['handover.held'], status: 'done', output: 'too late' });
  for (const { node, claim: moved } of taken.claims as { node: string; claim: string }[])
    names.claims[`handover.${node}.moved`] = moved;
  await beta.call('session_handoff', { summary: 'Whoever wants it', claims: 'none' });
}

/** The claims that are held at the end. */
async function releaseHeld(world: World): Promise<void> {
  const { alpha, beta, place } = world;
  await claim(world, beta, 'release', 'lapsed', { agent: 'sleepy' });
  place.moveTo(place.now + 2 * MINUTE);
  const a = await claim(world, alpha, 'release', 'code-a', { agent: 'coder' });
  await alpha.call('run_report', { claim: a, status: 'progress', percent: 40, summary: 'half way', tokens: 100 });
  await claim(world, alpha, 'resumed', 'second', { agent: 'coder-2' });
  const b = await claim(world, beta, 'release', 'code-b', { agent: 'reviewer' });
  await beta.call('run_report', { claim: b, status: 'progress', percent: 5.5, cost_usd: 0.125 });
}

async function talk({ alpha, beta, names }: World): Promise<void> {
  const asked = await alpha.call('message_send', { to: names.sessions.beta, text: 'Is it done?', kind: 'request' });
  await beta.call('message_read', { ack: [asked.message] });
  await beta.call('message_send', {
    to: 'channel:news',
    text: 'Nearly.',
    thread: asked.message,
    request_id: 'say-1',
  });
  await alpha.call('message_send', { to: 'all', text: 'Stop at noon', kind: 'alert', priority: 1, expires_s: 86_400 });
  const title = 'Which way?';
  const opened = await alpha.call('decision_open', { title, options: ['left', 'right'], rule: 'consensus' });
  await beta.call('decision_vote', { decision: opened.decision, option: 'left', reason: 'shorter' });
  await alpha.call('lock_acquire', { lock: 'staging', reason: 'a migration', lease_s: 3_600 });
  await beta.call('lock_acquire', {
    kind: 'file',
    paths: ['src/api/**'],
    shared: true,
    claim: names.claims['release.code-b'],
  });
}
