// run_claim: claims one ready node for this agent and answers its brief; waits for one if asked to.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { fail, ok } from '../failure/failure.ts';
import { type Call, defineTool } from './define.ts';
import { type Attempt, answerOf, attempt, windowKey } from './shared/claim-next.ts';
import { requestInput, sessionInput, waitInput } from './shared/inputs.ts';
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
export const runClaim = defineTool({
  name: 'run_claim',
  title: 'Claim work',
  toolset: 'run',
  alwaysLoad: true,
  description:
    'Use to get work: claims the best ready node and answers its brief. Do what goal says, then run_report; ' +
    'before lease_ends report progress. Asked again, it answers the claim you hold. Answers {claim, run, node, ' +
    'title, goal, inputs, attempt, lease_ends} or {none, why, left, waits?}.',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'max_tokens', maxSeconds: 60 },
  positional: ['run'],
  input,
  output: z.looseObject({
    claim: z.string().optional().describe('Pass it to run_report unchanged'),
    run: z.string().optional(),
    node: z.string().optional(),
    title: z.string().optional(),
    goal: z.string().optional(),
    inputs: z.record(z.string(), z.unknown()).optional().describe('Results of the nodes it needs'),
    run_inputs: z.record(z.string(), z.unknown()).optional(),
    attempt: z.number().int().optional(),
    last_error: z.unknown().optional(),
    lease_ends: z.string().optional(),
    tokens_left: z.number().int().optional(),
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
      const one = await attempt('run_claim', given, call, who);
      if (!one.ok) return one;
      const { value } = one;
      const over = value.kind === 'claimed' || value.none === 'finished';
      return ok(over ? { done: value } : { sofar: value, lookAt: value.until });
    });
    if (!tried.ok) return tried;
    if (tried.value.kind !== 'claimed' && call.signal.aborted) return fail({ code: 'cancelled' });
    return ok(await answerOf(tried.value, given, call.services, session.value));
  },
});
