// The calls that go on with the golden store of runs, and their answers. A minute after the store's last call claims
// still hold; three hours after it leases have ended, a month after it sessions. The build that made the store and the
// present one get the same calls, from fixtures/golden-runs.ts and golden-runs.test.ts.

import fs from 'node:fs';
import path from 'node:path';
import {
  type Answer,
  GOLDEN_RUNS,
  type GoldenServer,
  goldenCopy,
  type Names,
  Normaliser,
  type Place,
} from './golden-servers.ts';

export type Answers = Record<string, unknown>;
type Row = { node: string; status: string; kind: string; attempt?: number };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BOOT = 'golden-boot-2';
const SKILLS = ['rust', 'review'];
/** Far longer than a command node takes. */
const PATIENCE_MS = 20_000;

/** Calls in order, and what was answered. */
class Script {
  readonly answers: Answers = {};
  readonly place: Place;
  readonly names: Names;
  private readonly normaliser: Normaliser;

  constructor(program: string) {
    const { place, names } = goldenCopy(program);
    this.place = place;
    this.names = names;
    const log = path.join(GOLDEN_RUNS, 'log');
    const known = fs.readdirSync(log).map((name) => fs.readFileSync(path.join(log, name), 'utf8'));
    this.normaliser = new Normaliser(known.join(''));
  }

  session(name: string): Promise<GoldenServer> {
    return this.place.server({ boot: BOOT, session: this.names.sessions[name] });
  }

  /** A server that runs command nodes. */
  runner(): Promise<GoldenServer> {
    return this.place.server({ boot: BOOT, session: this.names.sessions.beta, commands: 50 });
  }

  /** Makes a call and keeps its answer under a label of its own. */
  async ask(label: string, server: GoldenServer, tool: string, args: Answer = {}): Promise<Answer> {
    const answer = await server.ask(tool, args);
    this.keep(label, answer);
    return answer;
  }

  /** Keeps an answer; a label that is taken gets a number. */
  keep(label: string, answer: unknown): void {
    let free = label;
    for (let count = 2; this.answers[free] !== undefined; count += 1) free = `${label} (${count})`;
    this.answers[free] = this.normaliser.of(answer);
  }

  run(name: string): string {
    const run = this.names.runs[name];
    if (run === undefined) throw new Error(`no run ${name}`);
    return run;
  }

  claim(label: string): string {
    const claim = this.names.claims[label];
    if (claim === undefined) throw new Error(`no claim ${label}`);
    return claim;
  }

  task(key: string): string {
    const task = this.names.tasks[key];
    if (task === undefined) throw new Error(`no task ${key}`);
    return task;
  }

  /** `label`: of the claim, as the making of the store named it. */
  report(server: GoldenServer, label: string, said: Answer): Promise<Answer> {
    const key = `report ${label} ${String(said.status)}`;
    return this.ask(key, server, 'run_report', { claim: this.claim(label), ...said });
  }

  take(server: GoldenServer, name: string, node: string, more: Answer = {}): Promise<Answer> {
    const run = this.run(name);
    const who = more.agent === undefined ? '' : ` by ${String(more.agent)}`;
    return this.ask(`claim ${name}.${node}${who}`, server, 'run_claim', { run, node, ...more });
  }

  /** Gives back what an agent has just claimed. */
  async giveBack(server: GoldenServer, name: string, node: string, agent: string): Promise<void> {
    const held = await this.take(server, name, node, { agent });
    const said = { claim: held.claim, status: 'released', tokens: 3 };
    await this.ask(`give back ${name}.${node} by ${agent}`, server, 'run_report', said);
  }

  control(server: GoldenServer, name: string, action: string, more: Answer = {}): Promise<Answer> {
    const said = [action, name, more.node, more.decision].filter((word) => word !== undefined).join(' ');
    return this.ask(said, server, 'run_control', { run: this.run(name), action, ...more });
  }

  /** The run's rows now. */
  async rows(server: GoldenServer, name: string): Promise<Row[]> {
    const answer = await server.ask('run_status', { run: this.run(name) });
    return answer.nodes as Row[];
  }

  /** Claims whatever suits and reports it done, until nothing is left to claim; keeps what was answered then. */
  async drain(server: GoldenServer, name: string): Promise<void> {
    for (const agent of ['writer', 'worker']) {
      for (let count = 1; ; count += 1) {
        const args = { run: this.run(name), agent, skills: SKILLS };
        const claimed = await this.ask(`drain ${name} as ${agent} ${count}`, server, 'run_claim', args);
        if (claimed.claim === undefined) break;
        const said = { claim: claimed.claim, status: 'done', output: `by ${agent}` };
        await this.ask(`drained ${name} as ${agent} ${count}`, server, 'run_report', said);
      }
    }
  }

  /** Waits, on a clock that stands, until the nodes that servers run have these statuses, in these tries. */
  async settled(server: GoldenServer, name: string, wanted: Record<string, string>): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const rows = await this.rows(server, name);
      const there = new Map(rows.map(({ node, status, attempt }) => [node, `${status} ${attempt}`]));
      if (Object.entries(wanted).every(([node, stand]) => there.get(node) === stand)) return;
      if (performance.now() > until) throw new Error(`${name} does not settle: ${JSON.stringify(rows)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** How everything stands: every run, every node of the runs in `details`, tasks, sessions. */
async function stand(script: Script, server: GoldenServer, when: string, details: readonly string[]): Promise<void> {
  await script.ask(`${when}: runs`, server, 'run_status');
  for (const name of Object.keys(script.names.runs)) {
    const run = script.run(name);
    const answer = await script.ask(`${when}: ${name}`, server, 'run_status', { run });
    if (!details.includes(name)) continue;
    for (const { node } of answer.nodes as Row[])
      await script.ask(`${when}: ${name}.${node}`, server, 'run_status', { run, node });
  }
  await script.ask(`${when}: tasks`, server, 'plan_list', { kind: 'task', limit: 50 });
  const { sessions } = await server.ask('session_list', { status: 'any', limit: 50 });
  const facts = (sessions as Answer[]).map(({ session, name, mode, status }) => ({ session, name, mode, status }));
  script.keep(`${when}: sessions`, facts);
}

/** A minute later: claims hold, pauses before another try have not passed. */
export async function continueSoon(program: string): Promise<Answers> {
  const script = new Script(program);
  const { place, names } = script;
  try {
    place.moveTo(names.end + MINUTE);
    const [alpha, beta, delta] = [
      await script.session('alpha'),
      await script.session('beta'),
      await script.session('delta'),
    ];
    await givenUp(script, alpha);
    await stand(script, alpha, 'soon', Object.keys(names.runs));
    await inFlight(script, { alpha, beta, delta });
    await repeats(script, alpha);
    await heldClaims(script, alpha, beta);
    await moved(script, beta, delta);
    await refusals(script, alpha, beta);
    await controls(script, alpha, beta);
    await bySprint(script, alpha, beta);
    await handOn(script, beta);
    await stand(script, alpha, 'soon, after', ['release', 'sprint', 'handover', 'paused']);
  } finally {
    await place.closeServers();
  }
  return await end(script);
}

/** The servers have ended the claims of the one that was killed, though they may perform nothing themselves. */
async function givenUp(script: Script, alpha: GoldenServer): Promise<void> {
  const { place } = script;
  place.stepMs = 0;
  await script.settled(alpha, 'commands', { once: 'needs_decision 1', again: 'ready 0' });
  place.stepMs = 1_000;
}

async function inFlight(script: Script, servers: Record<string, GoldenServer>): Promise<void> {
  for (const [name, server] of Object.entries(servers)) {
    const { in_flight, late_results, status, complete, failure } = await server.ask('session_recover');
    script.keep(`in flight of ${name}`, { in_flight, late_results, status, complete, failure });
  }
}

/** Calls that were made before with the same request_id. */
async function repeats(script: Script, alpha: GoldenServer): Promise<void> {
  const begin = { graph: 'pair', inputs: { branch: 'main' }, request_id: 'start-1' };
  await script.ask('repeat run_start', alpha, 'run_start', begin);
  await script.ask('repeat run_start otherwise', alpha, 'run_start', { ...begin, inputs: {} });
  const plan = { run: script.run('release'), node: 'plan', request_id: 'claim-plan' };
  await script.ask('repeat run_claim', alpha, 'run_claim', plan);
  const output = { steps: ['a', 'b'] };
  const said = { status: 'done', output, tokens: 120, cost_usd: 0.5, summary: 'planned', evidence: { by: 'hand' } };
  const claim = script.claim('release.plan');
  await script.ask('repeat run_report', alpha, 'run_report', { claim, ...said, request_id: 'report-plan' });
  await script.ask('repeat run_report without request_id', alpha, 'run_report', { claim, ...said });
  const set = { path: '$.tasks.one', value: { status: 'todo' }, request_id: 'set-one' };
  await script.ask('repeat state_set', alpha, 'state_set', set);
}

async function heldClaims(script: Script, alpha: GoldenServer, beta: GoldenServer): Promise<void> {
  const run = script.run('release');
  await script.ask('claim again what coder holds', alpha, 'run_claim', { run, agent: 'coder' });
  await script.take(alpha, 'release', 'code-b', { agent: 'eager' });
  await script.report(alpha, 'release.code-a', { status: 'progress', percent: 60, tokens: 50 });
  await script.report(beta, 'release.code-a', { status: 'progress', percent: 61 });
  await script.report(alpha, 'release.code-a', { status: 'done', output: { a: 1 }, tokens: 7, evidence: { tests: 3 } });
  await script.report(alpha, 'release.code-a', { status: 'done', output: { a: 2 } });
  await script.report(alpha, 'release.code-a', { status: 'failed', summary: 'after all' });
  await script.report(beta, 'release.code-b', { status: 'failed', error_kind: 'needs_other_agent', summary: 'not I' });
  await script.take(beta, 'release', 'code-b', { agent: 'reviewer' });
  await script.take(beta, 'release', 'code-b', { agent: 'reviewer-2' });
  await script.report(alpha, 'resumed.second', { status: 'released' });
  await script.report(beta, 'release.lapsed', { status: 'progress', percent: 1 });
  await script.report(beta, 'release.lapsed', { status: 'done', output: 'adopted' });
  await script.report(beta, 'release.lost', { status: 'progress' });
  await script.report(beta, 'release.lost', { status: 'done', output: 'once more' });
  await script.report(beta, 'release.lost', { status: 'failed', summary: 'no' });
  await script.report(alpha, 'release.lost.quick', { status: 'done', output: 'quick' });
  await script.ask('node release.lost', alpha, 'run_status', { run, node: 'lost' });
}

async function moved(script: Script, beta: GoldenServer, delta: GoldenServer): Promise<void> {
  await script.report(beta, 'handover.held', { status: 'done', output: 'late again' });
  await script.report(beta, 'handover.again', { status: 'progress' });
  await script.report(delta, 'handover.held.moved', { status: 'progress', percent: 50 });
  await script.report(delta, 'handover.again.moved', { status: 'failed', summary: 'try again' });
  await script.report(delta, 'handover.held.moved', { status: 'done', output: 'moved' });
}

async function refusals(script: Script, alpha: GoldenServer, beta: GoldenServer): Promise<void> {
  for (const node of ['flaky', 'limited', 'other', 'broken', 'after-broken', 'undecided', 'last', 'skipme', 'named'])
    await script.take(alpha, 'release', node);
  await script.take(beta, 'release', 'other', { agent: 'second' });
  await script.giveBack(beta, 'release', 'other', 'second');
  await script.take(alpha, 'release', 'other');
  await script.take(beta, 'release', 'named', { agent: 'writer' });
  await script.take(beta, 'release', 'skilled', { agent: 'third' });
  await script.take(beta, 'release', 'skilled', { agent: 'third', skills: SKILLS });
  await script.take(alpha, 'release', 'released', { agent: 'coder' });
  await script.take(alpha, 'resumed', 'second', { agent: 'coder-2' });
  await script.take(alpha, 'resumed', 'second', { agent: 'coder-3' });
  await script.ask('claim over the pool', alpha, 'run_claim', { run: script.run('release'), agent: 'coder-3' });
  await script.take(alpha, 'budget', 'second');
  for (const name of ['budget', 'paused', 'failed', 'cancelled', 'finished', 'stuck', 'commands'])
    await script.ask(`claim in ${name}`, alpha, 'run_claim', { run: script.run(name), agent: 'any' });
  await script.ask('an unknown claim', alpha, 'run_report', { claim: 'run-00000000.a.1.aaaaaa', status: 'done' });
  const claim = script.claim('release.lapsed').replace(/.$/, (end) => (end === 'a' ? 'b' : 'a'));
  const guessed = await alpha.ask('run_report', { claim, status: 'done' });
  script.keep('a guessed claim', (guessed.failure as Answer).code);
}

async function controls(script: Script, alpha: GoldenServer, beta: GoldenServer): Promise<void> {
  await script.report(beta, 'cancelled.held', { status: 'progress' });
  await script.report(beta, 'cancelled.held', { status: 'failed', summary: 'stopped' });
  await script.report(beta, 'paused.held', { status: 'done', output: 'while paused' });
  await script.control(alpha, 'paused', 'retry_node', { node: 'held' });
  await script.control(alpha, 'paused', 'resume');
  await script.take(alpha, 'paused', 'again', { agent: 'next' });
  await script.control(alpha, 'paused', 'pause');
  for (const name of ['finished', 'cancelled', 'failed', 'stuck']) await script.control(alpha, name, 'resume');
  await script.control(alpha, 'release', 'decide', { node: 'plan', decision: 'done' });
  await script.control(alpha, 'release', 'decide', { node: 'nowhere', decision: 'done' });
  await script.report(beta, 'release.undecided', { status: 'progress' });
  await script.control(alpha, 'release', 'decide', { node: 'undecided', decision: 'done', output: { seen: true } });
  await script.control(alpha, 'release', 'skip_node', { node: 'plan' });
  await script.control(alpha, 'release', 'retry_node', { node: 'flaky', reason: 'at once' });
  await script.control(alpha, 'stuck', 'decide', { node: 'doubt', decision: 'retry' });
  await script.drain(alpha, 'stuck');
  await script.control(alpha, 'failed', 'retry_node', { node: 'second' });
  await script.drain(alpha, 'failed');
  await script.control(alpha, 'finished', 'retry_node', { node: 'third' });
  const onceMore = { graph: 'pair', resume_from: script.run('resumed') };
  const again = await script.ask('resume from a resumed run', alpha, 'run_start', onceMore);
  await script.ask('the resumed run resumed', alpha, 'run_status', { run: again.run, node: 'first' });
  await script.ask('resume from', alpha, 'run_start', {
    graph: 'pair',
    resume_from: script.run('budget'),
    dry_run: true,
  });
}

async function bySprint(script: Script, alpha: GoldenServer, beta: GoldenServer): Promise<void> {
  const { names } = script;
  const of = (key: string): string => `sprint.${script.task(key)}`;
  await script.report(beta, of('docs'), { status: 'done', output: 'written all the same' });
  await script.report(alpha, of('mail'), { status: 'failed', summary: 'returned' });
  await script.take(alpha, 'sprint', script.task('barred'));
  await script.take(alpha, 'sprint', script.task('deploy'));
  await script.take(alpha, 'sprint', script.task('dropped'));
  await script.ask('another run of the sprint', alpha, 'run_start', { sprint: names.tasks.sprint });
  await script.ask('review by hand', alpha, 'task_save', { id: script.task('reviewed'), status: 'review' });
  await script.ask('done by hand', alpha, 'task_save', { id: script.task('reviewed'), status: 'done' });
  await script.ask('the board', alpha, 'sprint_board', { sprint: names.tasks.sprint, detail: 'ids' });
}

/** The claims of a session move to a new one, which reports on them; an offer of the making is over by that. */
async function handOn(script: Script, beta: GoldenServer): Promise<void> {
  const offer = await script.ask('hand on', beta, 'session_handoff', { summary: 'All of it' });
  const zeta = await script.place.server({ boot: BOOT });
  const taken = await script.ask('take over', zeta, 'session_start', { name: 'zeta', handoff: offer.handoff });
  for (const { node, claim } of taken.claims as { node: string; claim: string }[])
    await script.ask(`report what was handed on: ${node}`, zeta, 'run_report', {
      claim,
      status: 'progress',
      percent: 9,
    });
  const { in_flight, failure } = await zeta.ask('session_recover');
  script.keep('in flight of zeta', { in_flight, failure });
}

/** Three hours later: every lease has ended. Then a month: every session has. All is brought to its end. */
export async function continueLater(program: string): Promise<Answers> {
  const script = new Script(program);
  const { place, names } = script;
  try {
    place.moveTo(names.end + 3 * HOUR);
    const [alpha, beta] = [await script.session('alpha'), await script.session('beta')];
    await givenUp(script, alpha);
    await stand(script, alpha, 'later', []);
    await inFlight(script, { alpha, beta });
    await lapsed(script, alpha, beta);
    await commands(script, alpha);
    await oldOffer(script);
    await place.closeServers();
    place.moveTo(names.end + 30 * DAY);
    const old = await script.session('alpha');
    await script.report(old, 'release.code-b', { status: 'done', output: 'a month late' });
    await script.ask('state of an expired session', old, 'state_set', { path: '$.x', value: 1 });
    await atRest(script, old);
    await old.close();
    const fresh = await place.server({ boot: BOOT });
    await script.ask('a new session', fresh, 'session_start', { name: 'epsilon', resume: 'new' });
    await finish(script, fresh);
    await stand(script, fresh, 'at the end', ['release', 'commands']);
  } finally {
    await place.closeServers();
  }
  return await end(script);
}

/** Waits until the server has tended to what lapsed: two looks that see the same. */
async function atRest(script: Script, server: GoldenServer): Promise<void> {
  script.place.stepMs = 0;
  const look = async (): Promise<string> => {
    const rows = await Promise.all(Object.keys(script.names.runs).map((name) => script.rows(server, name)));
    return JSON.stringify(rows.flat().map(({ node, status }) => [node, status]));
  };
  let before = '';
  for (let now = await look(); now !== before; now = await look()) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  script.place.stepMs = 1_000;
}

async function lapsed(script: Script, alpha: GoldenServer, beta: GoldenServer): Promise<void> {
  await script.report(alpha, 'release.code-a', { status: 'progress', percent: 80 });
  await script.report(alpha, 'release.code-a', { status: 'failed', summary: 'I could not say so' });
  await script.report(alpha, 'release.code-a', { status: 'done', output: 'adopted' });
  await script.report(beta, 'release.code-b', { status: 'released' });
  await script.take(alpha, 'release', 'lapsed', { agent: 'taker' });
  await script.report(beta, 'release.lapsed', { status: 'done', output: 'too late' });
  await script.take(alpha, 'release', 'code-b', { agent: 'coder' });
  await script.take(alpha, 'handover', 'held', { agent: 'heir' });
  await script.report(beta, 'handover.held.moved', { status: 'failed', summary: 'late' });
  await script.ask('whatever there is', alpha, 'run_claim', { agent: 'anybody' });
  await script.take(alpha, 'release', 'flaky', { agent: 'again' });
  await script.take(alpha, 'release', 'limited', { agent: 'patient' });
  await script.ask('a lock that lapsed', beta, 'lock_acquire', { lock: 'staging' });
}

/** The offer that nobody had taken is taken after all. */
async function oldOffer(script: Script): Promise<void> {
  const eta = await script.place.server({ boot: BOOT });
  const { offers, failure } = await eta.ask('session_start', { name: 'eta', resume: 'new' });
  script.keep('offers', { offers, failure });
  for (const { handoff } of (offers ?? []) as { handoff: string }[])
    await script.ask('take the old offer', eta, 'session_start', { handoff });
}

/** A server takes up what the killed one left: one node may be started again, the other must be decided. */
async function commands(script: Script, alpha: GoldenServer): Promise<void> {
  const { place } = script;
  place.stepMs = 0;
  const run = script.run('commands');
  const look = async (label: string): Promise<void> => {
    for (const node of ['once', 'again', 'retry'])
      await script.ask(`${label}: commands.${node}`, alpha, 'run_status', { run, node });
  };
  const runner = await script.runner();
  await script.settled(alpha, 'commands', { once: 'needs_decision 1', again: 'finished 1', retry: 'retrying 2' });
  await look('taken up');
  await runner.close();
  place.moveTo(place.now + 2 * HOUR);
  const next = await script.runner();
  await script.settled(alpha, 'commands', { retry: 'failed 3' });
  await look('tried for the last time');
  await script.control(alpha, 'commands', 'decide', { node: 'once', decision: 'retry' });
  await script.settled(alpha, 'commands', { once: 'finished 2' });
  await look('decided');
  await next.close();
  place.stepMs = 1_000;
}

async function finish(script: Script, server: GoldenServer): Promise<void> {
  await script.ask('more tokens', server, 'project_save', { config: { global_settings: { token_budget: 90_000 } } });
  await script.control(server, 'paused', 'resume');
  await script.control(server, 'release', 'decide', { node: 'undecided', decision: 'failed', reason: 'nobody knows' });
  await script.control(server, 'stuck', 'decide', { node: 'doubt', decision: 'skip' });
  await script.ask('free the barred task', server, 'task_save', { id: script.task('barred'), status: 'todo' });
  for (const name of Object.keys(script.names.runs)) {
    await script.drain(server, name);
    for (const { node, status } of await script.rows(server, name)) {
      if (status === 'needs_decision') await script.control(server, name, 'decide', { node, decision: 'done' });
      if (status === 'failed') await script.control(server, name, 'retry_node', { node });
    }
    await script.drain(server, name);
    // Command nodes that are to be tried again have no server that may run them.
    for (const { node, kind, status } of await script.rows(server, name))
      if (kind === 'command' && status === 'retrying') await script.control(server, name, 'skip_node', { node });
  }
  await script.ask('the end of the sprint', server, 'sprint_save', { id: script.task('sprint'), status: 'completed' });
}

/** What doctor says of the store afterwards. */
async function end(script: Script): Promise<Answers> {
  script.keep('doctor', script.place.doctor());
  await script.place.remove();
  return script.answers;
}
