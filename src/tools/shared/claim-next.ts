// Claims a node for an agent and makes its brief: what run_claim does, and run_report after a report with
// then: "claim".

import type { Services } from '../../app/services.ts';
import type { View } from '../../documents/documents.ts';
import { claimNode } from '../../domain/run/claim.ts';
import { hasEnded, type RunDocument, runStream } from '../../domain/run/document.ts';
import type { ClaimAnswer, ClaimInput } from '../../domain/run/fit.ts';
import { readerOfBlobs } from '../../domain/run/given.ts';
import { heldNode } from '../../domain/run/hold.ts';
import { liveIds } from '../../domain/run/live.ts';
import { treeOf } from '../../domain/run/tree.ts';
import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { leaseEnd } from '../../graph/ready/run-node.ts';
import { selectPointers } from '../../path/query.ts';
import { configOf } from '../../views/project/settings.ts';
import { briefOf } from '../../views/run/brief.ts';
import { plannedForAnother, plannedIn } from '../../views/run/planned.ts';
import { openRuns } from '../../views/run/runs.ts';
import { callForGone } from '../../views/session/gone-holder.ts';
import { alsoNamed, inEmergency } from '../../views/session/sessions.ts';
import type { Call } from '../define.ts';
import { type ChangeInput, runCommand } from './change.ts';
import { findRunGraph, nodeNamed, storedGraph, withNearNodes } from './find-run.ts';
import { withNote } from './note.ts';

/** What is to be claimed, and for whom. */
export interface Wish extends ChangeInput {
  agent: string;
  /** Absent: any run of the project. */
  run?: string | undefined;
  node?: string | undefined;
  skills?: string[] | undefined;
  max_tokens?: number | undefined;
  /** Not this node: the caller has just given it back. */
  except?: { run: string; node: string } | undefined;
}

/** Who claims: the session, and the key of this window's agent. */
export interface Claimant {
  session: string;
  agent: string;
}

type Claimed = Extract<ClaimAnswer, { kind: 'claimed' }>;
type None = Extract<ClaimAnswer, { kind: 'none' }>;
/** `run`: the run that it is said of. */
type Idle = None & { run?: string };
/** `replayed`: the stored answer of a repeated request. */
export type Given = Claimed & { replayed: boolean };
export type Attempt = Idle | Given;

/** The key of this window's agent. Only a window that is not the agent's first has to look for what it holds. */
export function windowKey({ documents, windows, workspace }: Services, session: string, agent: string): string {
  const lastSeen = (who: string) => documents.presence.lastSeen(who);
  const holds = (key: string): boolean =>
    documents.peek((view) =>
      openRuns(view, workspace.project).some((run) => heldNode(run, key, Date.now(), lastSeen) !== undefined),
    );
  return windows.take(session, agent, holds);
}

/**
 * Tries to claim in each candidate run, a command per run; without a claim, the most hopeful reason. `tool`: the tool
 * that is called.
 */
export async function attempt(
  tool: string,
  given: Wish,
  call: Call<Services>,
  who: Claimant,
): Promise<Result<Attempt>> {
  const { services } = call;
  let best: Idle | undefined;
  for (const run of given.run === undefined ? await candidates(services, who) : [given.run]) {
    const graph = await findRunGraph(services, run);
    if (!graph.ok) return graph;
    let none: None | undefined;
    const claim = { ...claimFor(services, graph.value, { ...given, run }, who), hint: services.readyIndex.hint };
    const by = services.sessions.author(tool, who.session, given.agent);
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

/** The claim of an agent in one run, as the command takes it. */
export function claimFor(
  services: Services,
  graph: RunGraph,
  { run, agent, node, skills, max_tokens, except, request_id }: Wish & { run: string },
  who: Claimant,
): ClaimInput {
  const plan = services.documents.peek((view) => ({
    planned: plannedIn(view, view.get<RunDocument>(runStream(run))),
    alsoNamed: alsoNamed(view, who.session, agent),
  }));
  return {
    run,
    ...who,
    ...plan,
    agentName: agent,
    node: nodeNamed(graph, node),
    performer: 'agent',
    window: services.role === 'serve' ? true : undefined,
    skills,
    maxTokens: max_tokens,
    except: except?.run === run ? except.node : undefined,
    again: request_id === undefined,
  };
}

/** The answer of a claim that was given, or of an attempt that found nothing. */
export async function answerOf(tried: Attempt, wish: Wish, services: Services, session: string) {
  if (tried.kind === 'claimed') return await brief(tried, wish, services, session);
  const { none, why, left, run, waits } = tried;
  const helps = none === 'all_claimed' && run !== undefined ? gone(services, run, session) : undefined;
  const answer = { none, why, left, ...(waits === undefined ? {} : { waits }) };
  return withNote(answer, helps === undefined ? undefined : `a holder is gone: ${helps}`);
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
async function candidates(services: Services, who: Claimant): Promise<string[]> {
  const { documents, workspace } = services;
  const now = Date.now();
  return await documents.read((view) => {
    const found: { id: string; rank: number; started: string }[] = [];
    for (const run of openRuns(view, workspace.project)) {
      if (hasEnded(run.status)) continue;
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

/** The brief of a claim, cut to the tokens that its holder asked for. */
async function brief(claimed: Given, wish: Wish, services: Services, session: string) {
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
    const most = Math.min(
      wish.max_tokens ?? record?.asked?.max_tokens ?? Number.POSITIVE_INFINITY,
      tokensLeft ?? Number.POSITIVE_INFINITY,
    );
    const note = plannedForAnother(record, alsoNamed(view, session, wish.agent));
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
