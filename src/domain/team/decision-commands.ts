// Opens decisions, takes votes, and closes decisions: pure commands, called by tools/decision-open.ts and
// tools/decision-vote.ts, and for due decisions by tools/shared/due-decisions.ts.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import { isId } from '../../store/stream.ts';
import type { Context, Transaction } from '../command.ts';
import { checkApproval } from '../project/approval.ts';
import { schedule, unschedule } from './agenda.ts';
import { applyAllocation, checkAllocation } from './allocation.ts';
import { announceOpening, announceOutcome } from './announce.ts';
import { type Address, actorName, type Caller, callerName } from './channel.ts';
import {
  type DecisionDocument,
  type DecisionResult,
  decisionStream,
  type Rule,
  resultOf,
  type Vote,
  type Voter,
} from './decision.ts';
import { notFound } from './not-found.ts';

export interface OpenInput {
  project: string;
  owner: Caller;
  title: string;
  kind: DecisionDocument['kind'];
  options: string[];
  rule: Rule;
  k?: number | undefined;
  quorum?: number | undefined;
  deadlineMs: number;
  voters: Voter[];
  /** Addresses that reach each voter once. */
  announceTo: Address[];
  allocations?: Record<string, Json> | undefined;
  /** With kind approval. */
  policy?: string | undefined;
}

/** Opens a decision and announces it, in one commit. Fails with `invalid-input`, `too-large`. */
export function openDecision(tx: Transaction, ctx: Context, input: OpenInput): Result<DecisionDocument> {
  const allocations = checkOpen(tx, input);
  if (!allocations.ok) return allocations;
  const { project, owner, title, kind, options, rule, k, voters } = input;
  const decision: DecisionDocument = {
    schema: 1,
    id: ctx.id('dec'),
    project,
    title,
    kind,
    options,
    rule,
    quorum: input.quorum ?? (rule === 'k_of_n' ? (k ?? 1) : Math.ceil(voters.length / 2)),
    voters,
    owner: actorName(owner),
    opened_at: new Date(ctx.now).toISOString(),
    deadline: new Date(ctx.now + input.deadlineMs).toISOString(),
    status: 'open',
    votes: {},
  };
  if (k !== undefined) decision.k = k;
  if (kind === 'allocation') decision.allocations = allocations.value;
  if (kind === 'approval' && input.policy !== undefined) decision.policy = input.policy;
  const asked = announceOpening(tx, ctx, decision, owner, input.announceTo);
  if (!asked.ok) return asked;
  const scheduled = schedule(tx, project, decision.id, decision.deadline);
  if (!scheduled.ok) return scheduled;
  tx.create(decisionStream(decision.id), { type: 'decision.opened', data: { rule } }, decision);
  return ok(structuredClone(decision));
}

function checkOpen(tx: Transaction, input: OpenInput): Result<Record<string, JsonObject>> {
  const refuse = (at: string, why: string) => fail({ code: 'invalid-input', issues: [{ at, why }] });
  const n = input.voters.length;
  if (n === 0) return refuse('voters', 'nobody may vote');
  if (new Set(input.options).size < input.options.length) return refuse('options', 'an option is there twice');
  if ((input.k !== undefined) !== (input.rule === 'k_of_n'))
    return refuse('k', 'required with rule k_of_n, and only then');
  if (input.k !== undefined && input.k > n) return refuse('k', `only ${n} may vote`);
  if (input.quorum !== undefined && input.quorum > n) return refuse('quorum', `only ${n} may vote`);
  if (input.kind !== 'approval' && input.policy !== undefined) return refuse('policy', 'only with kind approval');
  const approval = input.kind === 'approval' ? checkApproval(tx, input.project, input) : ok(undefined);
  if (!approval.ok) return approval;
  const found: Record<string, JsonObject> = {};
  const given = Object.entries(input.allocations ?? {});
  if (input.kind !== 'allocation')
    return given.length === 0 ? ok(found) : refuse('allocations', 'only with kind allocation');
  if (given.length === 0) return refuse('allocations', 'required with kind allocation');
  for (const [option, value] of given) {
    if (!input.options.includes(option)) return refuse(`allocations/${option}`, 'is no option');
    const allocation = checkAllocation(tx, input.project, value, `allocations/${option}`);
    if (!allocation.ok) return allocation;
    found[option] = allocation.value;
  }
  return ok(found);
}

export interface VoteInput {
  decision: string;
  caller: Caller;
  /** Names by which the caller may be listed as a voter, the most certain first. */
  names: string[];
  /** Undefined: closes the decision if it is due, and changes nothing else. */
  vote?: { kind: 'option'; option: string } | { kind: 'abstain' } | { kind: 'veto' } | undefined;
  reason?: string | undefined;
  via?: Vote['via'] | undefined;
}

export interface VoteAnswer {
  decision: DecisionDocument;
  /** The deadline had passed: the call closed the decision, and its vote does not count. */
  late: boolean;
}

/**
 * Takes a vote, or closes a decision that is due. A vote that decides the outcome closes the decision in the same
 * commit. Fails with `not-found`, `illegal-transition`, `not-allowed`, `invalid-input`.
 */
export function castVote(tx: Transaction, ctx: Context, input: VoteInput): Result<VoteAnswer> {
  const { decision: id, vote } = input;
  const found = isId(id) ? tx.read<DecisionDocument>(decisionStream(id)) : undefined;
  if (found === undefined) return notFound('decision', id, [], 'decision_vote without arguments to see the open ones');
  const answer = (late: boolean) =>
    ok({ decision: structuredClone(tx.read<DecisionDocument>(decisionStream(id)) ?? found) as DecisionDocument, late });
  // A voter gets the outcome as its answer. Without a vote the caller may not be the one that reads the mail.
  const knows = vote === undefined || input.caller.person !== undefined ? undefined : input.caller;
  if (found.status === 'open' && ctx.now >= Date.parse(found.deadline)) {
    close(tx, ctx, knows, found, resultOf(found, true));
    return answer(vote !== undefined);
  }
  if (vote === undefined) return answer(false);
  if (found.status !== 'open') {
    const what = `decision ${id}`;
    return fail({
      code: 'illegal-transition',
      what,
      from: found.status,
      to: 'voted',
      legal: [],
      call: 'decision_open',
    });
  }
  if (vote.kind === 'veto') {
    const by = actorName(input.caller);
    if (by !== found.owner) {
      const why = `${found.owner} owns decision ${id}`;
      return fail({ code: 'not-allowed', what: 'A veto', why, how: 'vote with option, or abstain' });
    }
    const why = `vetoed by ${by}${input.reason === undefined ? '' : `: ${input.reason}`}`;
    close(tx, ctx, knows, found, { status: 'rejected', why });
    return answer(false);
  }
  const refused = take(tx, ctx, found, input);
  if (refused !== undefined) return refused;
  const voted = tx.read<DecisionDocument>(decisionStream(id));
  const result = voted === undefined ? undefined : (decidedBy(voted, input) ?? resultOf(voted, false));
  if (voted !== undefined && result !== undefined) close(tx, ctx, knows, voted, result);
  return answer(false);
}

/** An approval asks a person, so a person's vote settles it; of another decision it is one vote. */
function decidedBy(decision: Readonly<DecisionDocument>, input: VoteInput): DecisionResult | undefined {
  const { caller, vote } = input;
  if (decision.kind !== 'approval' || caller.person === undefined || vote?.kind !== 'option') return undefined;
  return { status: 'passed', outcome: vote.option, why: `decided by ${actorName(caller)}` };
}

function take(
  tx: Transaction,
  ctx: Context,
  found: Readonly<DecisionDocument>,
  { caller, names, vote, reason, via }: VoteInput,
): Result<never> | undefined {
  const person = caller.person === undefined ? undefined : actorName(caller);
  const voter = person ?? names.find((name) => found.voters.some((one) => one.name === name));
  if (voter === undefined) {
    const why = `those who may were named when it opened (${found.voters.length})`;
    return fail({
      code: 'not-allowed',
      what: `Voting on decision ${found.id}`,
      why,
      how: 'ask its owner to open a new one',
    });
  }
  if (vote?.kind === 'option' && !found.options.includes(vote.option)) {
    const why = `is none of ${found.options.map((option) => JSON.stringify(option)).join(', ')}`;
    return fail({ code: 'invalid-input', issues: [{ at: 'option', why }] });
  }
  const cast: Vote = { by: callerName(caller), at: new Date(ctx.now).toISOString() };
  if (vote?.kind === 'option') cast.option = vote.option;
  if (reason !== undefined) cast.reason = reason;
  if (via !== undefined) cast.via = via;
  if (caller.person !== undefined) Object.assign(cast, { by: caller.person, grade: 'person' });
  tx.edit<DecisionDocument>(decisionStream(found.id), { type: 'decision.voted', data: { voter } }, (draft) => {
    draft.votes[voter] = cast;
    if (person === undefined || draft.voters.some(({ name }) => name === person)) return;
    draft.voters.push({ name: person, tier: 'worker', weight: 1 });
  });
  return undefined;
}

/** Closes a decision, applies a passed allocation and tells the outcome, in one commit. */
function close(
  tx: Transaction,
  ctx: Context,
  knows: Caller | undefined,
  decision: Readonly<DecisionDocument>,
  result: DecisionResult | undefined,
): void {
  if (result === undefined) throw new Error(`decision ${decision.id} has no result at its end`);
  const { id, project, allocations } = decision;
  const allocation = result.status === 'passed' ? allocations?.[result.outcome] : undefined;
  const notApplied = allocation === undefined ? undefined : applyAllocation(tx, ctx, project, allocation);
  tx.edit<DecisionDocument>(
    decisionStream(id),
    { type: 'decision.closed', data: { status: result.status } },
    (draft) => {
      draft.status = result.status;
      draft.why = result.why;
      draft.closed_at = new Date(ctx.now).toISOString();
      if (notApplied !== undefined) draft.not_applied = notApplied.slice(0, 1_000);
      if (result.status === 'passed') draft.outcome = result.outcome;
    },
  );
  unschedule(tx, project, id);
  announceOutcome(tx, ctx, tx.read<DecisionDocument>(decisionStream(id)) ?? decision, knows);
}
