// decision_vote: votes, abstains, vetoes, or shows decisions. A call that finds a decision past its deadline closes it.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { nearest } from '../base/nearest.ts';
import type { Caller } from '../domain/team/channel.ts';
import { castVote, type VoteAnswer, type VoteInput } from '../domain/team/decision-commands.ts';
import { type Failure, fail, ok, type Result } from '../failure/failure.ts';
import { decisionFacts, decisionRows, votingNames } from '../views/team/decisions.ts';
import { type Call, defineTool } from './define.ts';
import { callerOf, changeAs, claimInput, viewScopeOf } from './shared/caller.ts';
import { withSeq } from './shared/change.ts';
import { closeDue } from './shared/due-decisions.ts';
import { cursorInput, limitInput, offsetOf, requestInput, seqOutput } from './shared/inputs.ts';
import { fitting } from './shared/shown.ts';

const input = z.strictObject({
  decision: z.string().max(64).optional(),
  option: z.string().max(80).optional(),
  abstain: z.boolean().optional().describe('Counts for the quorum only'),
  veto: z.boolean().optional().describe('As the owner: rejects it at once'),
  reason: z.string().max(500).optional(),
  limit: limitInput(10, 50),
  cursor: cursorInput,
  claim: claimInput,
  request_id: requestInput,
});
type Input = z.output<typeof input>;

const row = {
  decision: z.string(),
  title: z.string(),
  kind: z.string(),
  status: z.string(),
  rule: z.string(),
  outcome: z.string().optional(),
  why: z.string().optional(),
  voted: z.number().int(),
  voters: z.number().int(),
  deadline: z.string(),
};

export const decisionVote = defineTool({
  name: 'decision_vote',
  title: 'Vote on a decision',
  toolset: 'team',
  description:
    'Use to list open decisions (no argument) or see one and its tally (decision alone): neither is a vote. To vote: ' +
    'option or abstain, may be changed while open. Answers {decision, title, ' +
    'status: open|passed|rejected, outcome?, why?, tally: [{option, votes, weight}], voted, voters, quorum, ' +
    'missing?, dissent?, deadline, seq} or {decisions, total, next_cursor?, seq}.',
  searchHint: 'vote decide ballot abstain veto tally result poll',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'limit' },
  positional: ['decision', 'option'],
  input,
  output: z.object({
    ...z.object(row).partial().shape,
    tally: z.array(z.object({ option: z.string(), votes: z.number(), weight: z.number() })).optional(),
    abstained: z.number().int().optional(),
    quorum: z.number().int().optional(),
    k: z.number().int().optional(),
    missing: z.array(z.string()).optional().describe('Who has not voted'),
    dissent: z.array(z.looseObject({ voter: z.string() })).optional(),
    not_applied: z.string().optional().describe('Why its allocation changed nothing'),
    decisions: z.array(z.looseObject({ decision: z.string(), title: z.string(), status: z.string() })).optional(),
    total: z.number().int().optional(),
    next_cursor: z.string().optional(),
    seq: seqOutput,
  }),
  async run(given, call: Call<Services>) {
    const caller = await callerOf(call, given.claim);
    if (!caller.ok) return caller;
    const vote = voteOf(given);
    if (!vote.ok) return vote;
    if (given.decision === undefined) {
      // A vote without a decision must not look as if it had been counted.
      const why = 'required with a vote; without arguments the open ones are listed';
      if (vote.value !== undefined) return fail({ code: 'invalid-input', issues: [{ at: 'decision', why }] });
      return await list(given, caller.value, call);
    }
    return await cast(given, given.decision, caller.value, call, vote.value);
  },
});

function voteOf({ option, abstain, veto }: Input): Result<VoteInput['vote']> {
  const said = [option !== undefined, abstain === true, veto === true].filter(Boolean).length;
  if (said > 1)
    return fail({ code: 'invalid-input', issues: [{ at: 'option', why: 'one of option, abstain and veto' }] });
  if (option !== undefined) return ok({ kind: 'option', option });
  if (abstain === true) return ok({ kind: 'abstain' });
  return ok(veto === true ? { kind: 'veto' } : undefined);
}

async function cast(given: Input, decision: string, caller: Caller, call: Call<Services>, vote: VoteInput['vote']) {
  const { documents } = call.services;
  const names = await documents.read((view) => votingNames(view, caller));
  // A command line in an agent's window is the agent's: only a person's vote counts as one.
  const via = caller.person === undefined ? undefined : ('cli' as const);
  const command = { decision, caller, names, vote, reason: given.reason, via };
  const voted = await changeAs<VoteAnswer>(call, 'decision_vote', caller, given, (tx, ctx) =>
    castVote(tx, ctx, command),
  );
  if (!voted.ok) return await withNearDecisions(voted.failure, call);
  const { value } = voted.value;
  const late = 'the deadline had passed: this call closed the decision, and its vote does not count';
  return withSeq(voted.value, { ...decisionFacts(value.decision), ...(value.late ? { note: late } : {}) });
}

async function withNearDecisions(failure: Failure, call: Call<Services>) {
  if (failure.code !== 'not-found') return fail(failure);
  const { project } = viewScopeOf(call);
  const rows = await call.services.documents.read((view) => decisionRows(view, project));
  const ids = rows.map((row) => row.decision);
  return fail({ ...failure, near: nearest(failure.name, ids) });
}

/** Lists the open decisions, after closing those that are due. */
async function list(given: Input, caller: Caller, call: Call<Services>) {
  const { documents } = call.services;
  const { project } = viewScopeOf(call);
  const closed = await closeDue(call, caller);
  if (!closed.ok) return closed;
  const offset = offsetOf(given.cursor);
  return await documents.read((view) => {
    const rows = decisionRows(view, project, 'open');
    const decisions = fitting(rows.slice(offset, offset + given.limit));
    const end = offset + decisions.length;
    const more = end < rows.length ? { next_cursor: String(end) } : {};
    return ok({ decisions, total: rows.length, ...more, seq: view.seq });
  });
}
