// run_claim: claims one ready node for this agent and answers its brief; waits for one if asked to.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import type { View } from '../documents/documents.ts';
import { claimNode } from '../domain/run/claim.ts';
import { type RunDocument, runStream } from '../domain/run/document.ts';
import type { ClaimAnswer } from '../domain/run/fit.ts';
import { readerOfBlobs } from '../domain/run/given.ts';
import { heldNode } from '../domain/run/hold.ts';
import { liveIds } from '../domain/run/live.ts';
import { treeOf } from '../domain/run/tree.ts';
import { type Failure, fail, ok, type Result } from '../failure/failure.ts';
import { leaseEnd } from '../graph/ready/run-node.ts';
import { selectPointers } from '../path/query.ts';
import { configOf } from '../views/project/settings.ts';
import { briefOf } from '../views/run/brief.ts';
import { plannedForAnother, plannedIn } from '../views/run/planned.ts';
import { openRuns } from '../views/run/runs.ts';
import { callForGone } from '../views/session/gone-holder.ts';
import { alsoNamed, inEmergency } from '../views/session/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { runCommand } from './shared/change.ts';
import { findRunGraph, nodeNamed, storedGraph, withNearNodes } from './shared/find-run.ts';
import { requestInput, sessionInput, waitInput } from './shared/inputs.ts';
import { withNote } from './shared/note.ts';
import { waitUntil } from './shared/wait.ts';

const input = z.strictObject({
  run: z.string().max(64).optional().describe('Default: any run of this project'),
  agent: z.string().min(1).max(64).default('main').describe('Your name; each subagent takes one of its own'),
  node: z.string().max(256).optional().describe('Only this node; needs run'),
  skills: z.array(z.string().max(64)).max(50).optional(),
  wait_s: waitInput.describe('How long to wait for work'),
  max_tokens: z.number().int().min(100).optional().describe('Cut the inputs to this size'),
  session: sessionInput,
  request_id: requestInput,
});
type Input = z.output<typeof input>;
type Claimed = Extract<ClaimAnswer, { kind: 'claimed' }>;
type None = Extract<ClaimAnswer, { kind: 'none' }>;

export const runClaim = defineTool({
  name: 'run_claim',
  title: 'Claim work',
  toolset: 'run',
  alwaysLoad: true,
  description:
    'Use to get work: claims the best ready node and answers its brief. Do what goal says, then run_report; ' +
    'before lease_ends report progress. Asked again, it answers the claim you hold. Answers {claim, run, node, ' +
    'title, ' +
    'goal, inputs, attempt, last_error?, lease_ends, renew_within_s} or {none: ' +
    'all_blocked|all_claimed|limit|budget|paused|finished, why, left}.',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'max_tokens', maxSeconds: 60 },
  positional: ['run'],
  input,
  output: z.looseObject({
    claim: z.string().optional().describe('Pass it to run_report unchanged'),
    run: z.string().optional(),
    node: z.string().optional(),
    kind: z.string().optional(),
    title: z.string().optional(),
    goal: z.string().optional().describe('What to do and when it is done'),
    inputs: z.record(z.string(), z.unknown()).optional().describe('Results of the nodes it needs'),
    needs: z.record(z.string(), z.unknown()).optional(),
    run_inputs: z.record(z.string(), z.unknown()).optional(),
    attempt: z.number().int().optional(),
    last_error: z.object({ kind: z.string(), message: z.string() }).optional(),
    lease_ends: z.string().optional(),
    renew_within_s: z.number().int().optional(),
    tokens_left: z.number().int().optional().describe("Of the run's budget, once some were reported"),
    none: z.enum(['all_blocked', 'all_claimed', 'limit', 'budget', 'paused', 'finished']).optional(),
    why: z.string().optional(),
    left: z.number().int().optional(),
  }),
  async run(given, call: Call<Services>) {
    if (given.node !== undefined && given.run === undefined) {
      return fail({ code: 'invalid-input', issues: [{ at: 'run', why: 'required with node' }] });
    }
    const { documents, sessions } = call.services;
    const session = await sessions.ensure(given.session);
    if (!session.ok) return session;
    const who = { session: session.value, agent: windowKey(call.services, session.value, given.agent) };
    const tried = await waitUntil<Attempt>(call, given.wait_s, async () => {
      documents.presence.touch(who.agent);
      const one = await attempt(given, call, who);
      if (!one.ok) return one;
      const { value } = one;
      const over = value.kind === 'claimed' || value.none === 'finished';
      return ok(over ? { done: value } : { sofar: value, lookAt: value.until });
    });
    if (!tried.ok) return tried;
    if (tried.value.kind === 'claimed') return ok(await brief(tried.value, given, call.services, session.value));
    if (call.signal.aborted) return fail({ code: 'cancelled' });
    const { none, why, left, run } = tried.value;
    const helps = none === 'all_claimed' && run !== undefined ? gone(call.services, run, session.value) : undefined;
    return ok(withNote({ none, why, left }, helps === undefined ? undefined : `a holder is gone: ${helps}`));
  },
});

/** The key of this window's agent. Only a window that is not the agent's first has to look for what it holds. */
function windowKey({ documents, windows, workspace }: Services, session: string, agent: string): string {
  const lastSeen = (who: string) => documents.presence.lastSeen(who);
  const holds = (key: string): boolean =>
    documents.peek((view) =>
      openRuns(view, workspace.project).some((run) => heldNode(run, key, Date.now(), lastSeen) !== undefined),
    );
  return windows.take(session, agent, holds);
}

/** `run`: the run that it is said of. */
type Idle = None & { run?: string };
type Attempt = Idle | (Claimed & { replayed: boolean });

/** Tries to claim in each candidate run, a command per run; without a claim, the most hopeful reason. */
async function attempt(
  given: Input,
  call: Call<Services>,
  who: { session: string; agent: string },
): Promise<Result<Attempt>> {
  const { services } = call;
  let best: Idle | undefined;
  for (const run of given.run === undefined ? await candidates(services, who) : [given.run]) {
    const graph = await findRunGraph(services, run);
    if (!graph.ok) return graph;
    const plan = services.documents.peek((view) => ({
      planned: plannedIn(view, view.get<RunDocument>(runStream(run))),
      alsoNamed: alsoNamed(view, who.session, given.agent),
    }));
    let none: None | undefined;
    const claim = {
      run,
      ...who,
      ...plan,
      agentName: given.agent,
      node: nodeNamed(graph.value, given.node),
      performer: 'agent' as const,
      window: services.role === 'serve' ? (true as const) : undefined,
      skills: given.skills,
      again: given.request_id === undefined,
      hint: services.readyIndex.hint,
    };
    const by = services.sessions.author('run_claim', who.session, given.agent);
    const claimed = await runCommand<ClaimAnswer>(call, by, given, (tx, ctx) => {
      const result = claimNode(tx, ctx, claim);
      if (!result.ok || result.value.kind === 'claimed' || given.request_id === undefined) return result;
      // Failed on purpose: a success would be stored, and a repeat of this request would never get work.
      none = result.value;
      return fail({ code: 'node-not-ready', node: given.node ?? '', why: none.why });
    });
    if (!claimed.ok && none === undefined) {
      return withNearNodes(fail(withCall(claimed.failure, services, run, who.session)), graph.value);
    }
    const answer = claimed.ok ? claimed.value.value : none;
    if (answer?.kind === 'claimed') return ok({ ...answer, replayed: claimed.ok && claimed.value.replayed });
    if (answer !== undefined && (best === undefined || worth(answer) < worth(best))) best = { ...answer, run };
  }
  return ok(best ?? nothing());
}

/** A refused node, with what helps if its holder is gone. */
function withCall(failure: Failure, services: Services, run: string, session: string): Failure {
  if (failure.code !== 'node-not-ready') return failure;
  const call = gone(services, run, session, failure.node);
  return call === undefined ? failure : { ...failure, call };
}

/** What helps with a node of the run, or else with the first of its claimed ones whose holder is gone. */
function gone({ documents }: Services, run: string, session: string, node?: string): string | undefined {
  const asks = { session, now: Date.now(), presence: documents.presence };
  return documents.peek((view) => {
    const found = view.get<RunDocument>(runStream(run));
    if (found === undefined) return undefined;
    if (node !== undefined) return callForGone(found, node, asks);
    const calls = liveIds(found).map((id) => callForGone(found, id, asks));
    return calls.find((call) => call !== undefined);
  });
}

function nothing(): None {
  return { kind: 'none', none: 'finished', why: 'no run is under way in this project; run_start begins one', left: 0 };
}

/** The order of reasons, the most hopeful first: if no run has work, the first one is reported. */
function worth({ none }: None): number {
  return ['all_claimed', 'limit', 'budget', 'all_blocked', 'paused', 'finished'].indexOf(none);
}

/**
 * The open runs of the project in the order to try: those where the agent holds a claim, those that a session in
 * emergency mode started in this workspace, those of this session, those of this workspace, others; the oldest first.
 */
async function candidates(services: Services, who: { session: string; agent: string }): Promise<string[]> {
  const { documents, workspace } = services;
  const now = Date.now();
  return await documents.read((view) => {
    const found: { id: string; rank: number; started: string }[] = [];
    for (const run of openRuns(view, workspace.project)) {
      if (!['running', 'stuck', 'paused'].includes(run.status)) continue;
      const holds = heldNode(run, who.agent, now, (agent) => documents.presence.lastSeen(agent)) !== undefined;
      const here = run.workspace === workspace.workspace;
      const urgent = here && inEmergency(view, documents.presence, run.session, now);
      const near = urgent ? 1 : run.session === who.session ? 2 : here ? 3 : 4;
      found.push({ id: run.id, rank: holds ? 0 : near, started: run.started_at });
    }
    found.sort((a, b) => a.rank - b.rank || (a.started < b.started ? -1 : 1));
    return found.map(({ id }) => id);
  });
}

async function brief(claimed: Claimed & { replayed: boolean }, given: Input, services: Services, session: string) {
  const { documents } = services;
  const facts = await documents.read((view) => {
    const run = view.get<RunDocument>(runStream(claimed.run));
    const tree = run === undefined ? undefined : treeOf(run, (hash) => storedGraph(services, hash));
    const place = tree?.place(claimed.node);
    if (run === undefined || tree === undefined || place === undefined) throw new Error(`${claimed.claim} has no node`);
    const record = run.nodes[claimed.node];
    const leaseMs = record?.lease_ms ?? 0;
    const ends =
      record === undefined ? 0 : leaseEnd(record, leaseMs, Date.now(), (who) => documents.presence.lastSeen(who));
    const tokensLeft = tokensLeftOf(view, run);
    const most = Math.min(given.max_tokens ?? Number.POSITIVE_INFINITY, tokensLeft ?? Number.POSITIVE_INFINITY);
    const note = plannedForAnother(record, alsoNamed(view, session, given.agent));
    const brief = briefOf(tree, place, readerOfBlobs(documents.blobs, selectPointers), most);
    return { brief, ends, leaseMs, tokensLeft, note };
  });
  const { claim, run, node, replayed } = claimed;
  const answer = {
    claim,
    run,
    node,
    ...facts.brief,
    lease_ends: new Date(Number.isFinite(facts.ends) ? facts.ends : 0).toISOString(),
    renew_within_s: Math.max(1, Math.floor(facts.leaseMs / 3_000)),
    ...(facts.tokensLeft === undefined ? {} : { tokens_left: facts.tokensLeft }),
    ...(replayed ? { replayed } : {}),
  };
  return withNote(answer, facts.note);
}

/** The tokens left of a run's budget; undefined until an agent has reported some. */
function tokensLeftOf(view: View, { project, tokens }: Readonly<RunDocument>): number | undefined {
  return tokens === undefined ? undefined : Math.max(0, configOf(view, project).global_settings.token_budget - tokens);
}
