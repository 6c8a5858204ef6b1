// decision_open: opens a decision and asks its voters.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { type DecisionDocument, RULES } from '../domain/team/decision.ts';
import { openDecision } from '../domain/team/decision-commands.ts';
import type { Json } from '../json/json.ts';
import { checkValue } from '../json/limits.ts';
import { electorate, MAX_VOTERS } from '../views/team/decisions.ts';
import { type Call, defineTool } from './define.ts';
import { callerOf, changeAs, claimInput, viewScopeOf } from './shared/caller.ts';
import { withSeq } from './shared/change.ts';
import { closeDue } from './shared/due-decisions.ts';
import { requestInput, seqOutput } from './shared/inputs.ts';

export const decisionOpen = defineTool({
  name: 'decision_open',
  title: 'Open a decision',
  toolset: 'team',
  description:
    'Use when several must decide: asks the voters (default: every session that is there) by message, and tells ' +
    'them the outcome. kind allocation changes pools and teams of the project when it passes, approval lets through ' +
    'what a policy wants approved. Votes weigh by tier; you may veto. Answers {decision, status, voters, quorum, ' +
    'deadline, seq}; decision_vote without option shows the tally.',
  searchHint: 'vote decide poll quorum consensus majority approve allocation',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'options' },
  positional: ['title'],
  input: z.strictObject({
    title: z.string().min(1).max(500),
    options: z.array(z.string().min(1).max(80)).min(2).max(10),
    rule: z.enum(RULES).default('majority'),
    k: z.number().int().min(1).max(MAX_VOTERS).optional(),
    quorum: z.number().int().min(1).max(MAX_VOTERS).optional().describe('Default: half of the voters, or k'),
    deadline_s: z.number().int().min(1).max(2_592_000).default(86_400),
    voters: z.array(z.string().max(128)).min(1).max(50).optional().describe('Sessions, agents, "team:x"'),
    kind: z.enum(['choice', 'allocation', 'approval']).default('choice'),
    policy: z.string().max(64).optional().describe('For approval, with an option allow'),
    allocations: z.record(z.string(), z.unknown()).optional().describe('By option: {pools: {agent: max}, teams}'),
    claim: claimInput,
    request_id: requestInput,
  }),
  output: z.object({
    decision: z.string(),
    status: z.string(),
    voters: z.number().int(),
    quorum: z.number().int(),
    deadline: z.string(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const caller = await callerOf(call, input.claim);
    if (!caller.ok) return caller;
    for (const value of Object.values(input.allocations ?? {})) {
      const checked = checkValue(value);
      if (!checked.ok) return checked;
    }
    const closed = await closeDue(call, caller.value);
    if (!closed.ok) return closed;
    const scope = viewScopeOf(call);
    const served = call.services.documents.presence.served();
    const found = await call.services.documents.read((view) =>
      electorate(view, input.voters, caller.value, scope, served),
    );
    if (!found.ok) return found;
    const { title, options, rule, k, quorum, deadline_s: seconds, kind, policy } = input;
    const opening = {
      ...found.value,
      project: scope.project,
      owner: caller.value,
      title,
      kind,
      policy,
      options,
      rule,
      k,
      quorum,
      deadlineMs: seconds * 1_000,
      allocations: input.allocations as Record<string, Json> | undefined,
    };
    const opened = await changeAs<DecisionDocument>(call, 'decision_open', caller.value, input, (tx, ctx) =>
      openDecision(tx, ctx, opening),
    );
    if (!opened.ok) return opened;
    const { id: decision, status, voters, quorum: needed, deadline } = opened.value.value;
    return withSeq(opened.value, { decision, status, voters: voters.length, quorum: needed, deadline });
  },
});
