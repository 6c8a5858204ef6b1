// run_control: pauses, resumes or cancels a run; retries or skips one of its nodes, or resolves one that needs a
// decision.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { MAX_VALUE_DEPTH } from '../config/limits.ts';
import { controlRun, RESOLUTIONS, RUN_ACTIONS } from '../domain/run/control.ts';
import { checkValue } from '../json/limits.ts';
import { type Call, defineTool } from './define.ts';
import { changeInSession, withSeq } from './shared/change.ts';
import { findRunGraph, nodeNamed, withNearNodes } from './shared/find-run.ts';
import { requestInput, seqOutput, sessionInput } from './shared/inputs.ts';

const MAX_LISTED = 50;

export const runControl = defineTool({
  name: 'run_control',
  title: 'Control a run',
  toolset: 'run',
  description:
    'Use to pause (what runs goes on, nothing new starts), resume or cancel a run, to retry or skip a node, to ' +
    'decide a node in needs_decision: its process or agent vanished and nobody knows whether it took effect, to ' +
    'answer a question (never about your own work), or to signal. ' +
    'Answers {run, action, status, node?, node_status?, newly_ready, note?, seq}.',
  searchHint: 'approve answer signal pause resume cancel stop retry skip decide run node',
  annotations: { readOnly: false, destructive: true, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['run', 'action'],
  input: z.strictObject({
    run: z.string().max(64),
    action: z.enum(RUN_ACTIONS),
    node: z.string().max(256).optional(),
    decision: z.enum(RESOLUTIONS).optional().describe('With decide: what became of it'),
    question: z.string().max(64).optional().describe('With answer: its id'),
    option: z.string().max(64).optional().describe('With answer'),
    signal: z.string().max(64).optional().describe('With signal: its name'),
    output: z.unknown().optional().describe('With done: its result; with signal: what comes with it'),
    reason: z.string().max(1_000).optional().describe('Told to the next holder'),
    session: sessionInput,
    request_id: requestInput,
  }),
  output: z.object({
    run: z.string(),
    action: z.string(),
    status: z.string(),
    node: z.string().optional(),
    node_status: z.string().optional(),
    newly_ready: z.array(z.string()),
    note: z.string().optional(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const graph = await findRunGraph(call.services, input.run);
    if (!graph.ok) return graph;
    const output = checkValue(input.output ?? null, { depth: MAX_VALUE_DEPTH, bytes: 64 * 1024 });
    if (!output.ok) return output;
    const { run, action, decision, reason, question, option, signal } = input;
    const node = nodeNamed(graph.value, input.node);
    const control = { run, action, node, decision, reason, question, option, signal };
    const command = input.output === undefined ? control : { ...control, output: output.value };
    const changed = await changeInSession(call, 'run_control', input, () => (tx, ctx) => controlRun(tx, ctx, command));
    if (!changed.ok) return withNearNodes(changed, graph.value);
    const { value } = changed.value;
    return withSeq(changed.value, { ...value, newly_ready: value.newly_ready.slice(0, MAX_LISTED) });
  },
});
