// `npm run demo`: shows the main use from end to end, on this repository and with real processes. It checks itself:
// exit code 1 if an expectation fails. It leaves its store in .demo/<time> and prints that path.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engine, undoing } from './demo-engine.mjs';
import { DemoServer, program, root } from './demo-server.mjs';
import { detail, expect, failures, say, seconds, step, table } from './demo-show.mjs';

const stateDir = join(root, '.demo', new Date().toISOString().replace(/[:.]/g, '-'));
const servers = [];

async function serve(name) {
  const server = await new DemoServer(name, stateDir).start();
  servers.push(server);
  return server;
}

/** Follows a run until `enough` is true of it, and prints each node that ends. */
async function follow(server, run, printed, enough) {
  let after;
  for (;;) {
    const seen = await server.call('run_status', {
      run,
      ...(after === undefined ? {} : { after, until: 'change', wait_s: 20 }),
    });
    for (const node of seen.nodes) {
      const line = `${node.status} ${node.fence}`;
      if (printed.get(node.node) === line || node.status === 'waiting' || node.status === 'ready') continue;
      printed.set(node.node, line);
      const time = node.status === 'claimed' || node.duration_ms === undefined ? '' : ` after ${node.duration_ms} ms`;
      detail(`${node.node.padEnd(10)} ${node.status}${time}  ${node.agent ?? ''}${node.error === undefined ? '' : `  ${node.error}`}`);
    }
    const rows = Object.fromEntries(seen.nodes.map((node) => [node.node, node]));
    if (enough(rows, seen)) return { rows, seen };
    if (seen.status === 'finished' || seen.status === 'failed' || seen.status === 'stuck') throw new Error(`the run is ${seen.status}`);
    after = seen.seq;
  }
}

async function details(server, run, nodes) {
  const found = {};
  for (const node of nodes) found[node] = (await server.call('run_status', { run, node })).detail;
  return found;
}

async function beginning(a) {
  step('A session starts in server A, and remembers something');
  const session = await a.call('session_start', { name: 'review of this repository' });
  detail(`${session.session} in project ${session.project}, mode ${session.mode}`);
  const before = await a.call('state_set', { path: '$.review', value: { phase: 'starting', findings: [] } });
  detail(`state_set $.review → seq ${before.seq}`);

  step('The review graph is checked');
  const graph = JSON.parse(readFileSync(join(root, 'examples/review.json'), 'utf8'));
  const checked = await a.call('graph_check', { ...graph, save_as: 'review' });
  detail(`${checked.nodes} nodes, ${checked.edges} edges, ${checked.levels} levels, at most ${checked.widest} at once`);
  detail(`critical path: ${checked.critical_path.join(' → ')}`);
  expect(checked.ok && checked.saved === 'review', 'the graph is sound and saved as "review"');
  return { session: session.session, before: before.seq };
}

/** Server A starts a run and B joins; A is killed once a node is finished while A works on another. */
async function runAndKill(a) {
  step('A run starts: every server of this workspace may run its commands');
  const started = await a.call('run_start', { graph: 'review' });
  const { run } = started;
  detail(`${run}: ${started.nodes} nodes, ready ${started.ready.join(', ')}`);
  expect(started.warnings === undefined, 'every command is on the allow-list');
  const printed = new Map();
  const mine = (node) => node?.agent === `server-${a.pid}`;
  await follow(a, run, printed, (nodes) => mine(nodes.steady) && nodes.steady.status === 'claimed');
  const b = await serve('b');
  const second = await b.call('session_start', { name: 'second window' });
  detail(`server B (pid ${b.pid}) joins, with session ${second.session}`);
  const { rows } = await follow(b, run, printed, (nodes) => {
    const done = Object.values(nodes).filter(({ status }) => status === 'finished');
    return done.length >= 2 && mine(nodes.steady) && nodes.steady.status === 'claimed';
  });

  step(`Server A (pid ${a.pid}) is killed with SIGKILL while it runs "steady"`);
  const finished = Object.keys(rows).filter((node) => rows[node].status === 'finished');
  const kept = await details(b, run, finished);
  const killedAt = performance.now();
  await a.kill();
  await follow(b, run, printed, ({ steady }) => steady.status !== 'claimed' || steady.fence === 2);
  const tookMs = Math.round(performance.now() - killedAt);
  expect(tookMs < 5000, `server B noticed, ended what A left running, and freed its nodes after ${tookMs} ms`);
  await follow(b, run, printed, ({ steady }) => steady.fence === 2);
  detail('and has taken "steady" over');
  return { b, run, printed, kept };
}

async function review(b, run, printed) {
  step('A scripted agent in server B waits for the agent node, heartbeats and reports');
  const claim = await b.call('run_claim', { run, agent: 'critic', wait_s: 50 });
  if (claim.none !== undefined) {
    const { nodes } = await b.call('run_status', { run, status: 'failed' });
    for (const { node, error } of nodes) detail(`${node}: ${error}`);
    throw new Error(`nothing to claim: ${claim.why}`);
  }
  expect(claim.node === 'review', `claimed "${claim.node}" with the results of ${Object.keys(claim.inputs ?? {}).join(', ')}`);
  const again = await b.call('run_claim', { run, agent: 'critic' });
  expect(again.claim === claim.claim, 'asked again, it is given the claim that it holds');
  const beat = await b.call('run_report', { claim: claim.claim, status: 'progress', percent: 50 });
  expect(beat.status === 'running', `heartbeat: the lease lasts until ${beat.lease_ends}`);
  const counted = JSON.parse(claim.inputs.count.stdout);
  const output = { verdict: 'pass', because: [`${counted.files} files, ${counted.lines} lines`, 'types, lint and tests pass'] };
  const told = await b.call('run_report', { claim: claim.claim, status: 'done', output, summary: 'all in order' });
  expect(told.status === 'finished', `reported; newly ready: ${told.newly_ready.join(', ') || 'nothing yet'}`);
  const { rows, seen } = await follow(b, run, printed, (_, { status }) => status === 'finished');
  expect(seen.status === 'finished', `the run is ${seen.status}`);
  return rows;
}

async function proof(b, run, rows, kept) {
  step('Proof that nothing finished was repeated');
  const all = await details(b, run, Object.keys(rows));
  table(
    Object.entries(rows).map(([node, { status, attempt, fence, agent, duration_ms }]) => ({
      node,
      status,
      attempt,
      claims: fence,
      by: agent,
      ms: duration_ms,
      'before the kill': kept[node] === undefined ? '' : 'finished',
    })),
  );
  const same = Object.entries(kept).every(
    ([node, was]) => all[node].claim === was.claim && all[node].started_at === was.started_at && all[node].fence === 1,
  );
  expect(same, `${Object.keys(kept).join(', ')}: one claim each, the same result as before the kill`);
  expect(rows.steady.fence === 2, '"steady", which was running: claimed twice, its second claim counts');
  const sums = [all.hash, all.unchanged].map(({ output }) => JSON.parse(output.stdout).sha256);
  expect(sums[0] === sums[1], `the sources are unchanged: ${sums[0].slice(0, 16)}…`);
}

async function sessions(b, session) {
  step('The crashed session is recovered in a new window, then handed over');
  const c = await serve('c');
  const back = await c.call('session_recover', { session });
  expect(back.session === session && back.complete, `${session} is ${back.status} and complete at seq ${back.seq}`);
  await c.call('state_merge', { path: '$.review', value: { phase: 'done', findings: [{ verdict: 'pass', by: 'critic' }] } });
  const offer = await c.call('session_handoff', { summary: 'Reviewed; all in order.', next_steps: ['publish'] });
  detail(`offered as ${offer.handoff}`);
  const taken = await b.call('session_start', { handoff: offer.handoff });
  expect(taken.brief?.summary === 'Reviewed; all in order.', `server B's session ${taken.session} took it over`);
  return taken.session;
}

async function states(b, session, before, heir) {
  step('State by JSONPath, as of before and now');
  const was = await b.call('state_get', { session, path: '$.review.phase', at: before });
  expect(was.value === 'starting', `$.review.phase at seq ${before}: "${was.value}"`);
  const now = await b.call('state_get', { path: '$.review.findings[?(@.verdict == "pass")].by' });
  expect(now.value === 'critic' || now.rows?.[0]?.value === 'critic', `$.review.findings[?(@.verdict == "pass")].by now, in ${heir}: "critic"`);
}

function doctor() {
  step('baton doctor');
  const ran = spawnSync(process.execPath, [program, 'doctor', '--state-dir', stateDir], { encoding: 'utf8', cwd: root });
  if (!existsSync(join(root, 'src/cli/verbs/doctor.ts'))) return detail('is missing in this version');
  for (const line of `${ran.stdout}${ran.stderr}`.trim().split('\n')) detail(line);
  expect(ran.status === 0 && /verified/.test(ran.stdout), 'the store is verified');
}

async function main() {
  if (!existsSync(program)) {
    step('Building dist/');
    const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: 'inherit' });
    if (built.status !== 0) throw new Error('the build failed');
  }
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  say(`Baton's demo. Its store: ${stateDir}`);
  const a = await serve('a');
  const { session, before } = await beginning(a);
  const { b, run, printed, kept } = await runAndKill(a);
  const rows = await review(b, run, printed);
  await proof(b, run, rows, kept);
  const heir = await sessions(b, session);
  await states(b, session, before, heir);
  await engine(b, await serve('d'));
  await undoing(b);
}

try {
  await main();
} catch (error) {
  expect(false, error instanceof Error ? error.message : String(error));
}
for (const server of servers) await server.close();
if (existsSync(join(stateDir, 'log'))) doctor();
const broken = failures();
say(`\n${broken.length === 0 ? 'All as it should be' : `${broken.length} not as it should be`}, in ${seconds()} s. The store is left in ${stateDir}`);
process.exitCode = broken.length === 0 ? 0 : 1;
