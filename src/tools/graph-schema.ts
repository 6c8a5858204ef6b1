// The shape of a graph as graph_check takes it: types only. What a field means and whether it fits its node's kind is
// checked by src/graph/check.ts, which says it better than a schema can.

import { z } from 'zod';
import { nodeKinds } from '../nodes/index.ts';

const id = z.string().max(64);
const seconds = z.number();
const retry = z
  .strictObject({
    max_attempts: z.number().int().optional(),
    backoff_s: seconds.optional(),
    factor: z.number().optional(),
    max_backoff_s: seconds.optional(),
  })
  .describe('Default: one try');
const timeouts = z
  .strictObject({ run_s: seconds.optional(), lease_s: seconds.optional() })
  .describe('run_s: one try; lease_s: a claim without a sign of life, default 600');

export const nodesInput = z
  .array(
    z.strictObject({
      id,
      kind: z.enum([...nodeKinds.keys()]).describe('agent: claimed by an agent; command: run by a server'),
      title: z.string().max(200).optional(),
      task: z
        .string()
        .max(20_000)
        .optional()
        .describe('agent: what to do and when it is done; it gets no other context'),
      command: z.array(z.string().max(8_000)).max(200).optional().describe('command: program and arguments, no shell'),
      cwd: z.string().max(1_000).optional().describe('command: relative to the workspace'),
      env: z.record(z.string(), z.string().max(8_000)).optional().describe('command: variables to add'),
      needs: z.array(id).max(5_000).optional().describe('Ids of the nodes that must be finished before'),
      effect: z
        .enum(['pure', 'idempotent', 'once'])
        .optional()
        .describe('May it be started again after a crash? Default: agent idempotent, command once (asks first)'),
      priority: z.number().int().optional().describe('1 first, 5 last; default 3'),
      estimate_s: seconds.optional(),
      retry: retry.optional(),
      timeouts: timeouts.optional(),
      agent: z.string().max(64).optional().describe('agent: only this one'),
      skills: z.array(z.string().max(64)).max(20).optional().describe('agent: needs all of these'),
      output: z.string().max(2_000).optional().describe('agent: what the result should hold'),
    }),
  )
  .max(20_000);

export const defaultsInput = z.strictObject({ retry: retry.optional(), timeouts: timeouts.optional() });
export const onFailureInput = z
  .enum(['fail_fast', 'continue'])
  .describe('Default fail_fast: nothing new starts after a failure');
export const maxParallelInput = z
  .union([z.number().int().min(1).max(10_000), z.literal('auto')])
  .describe('Nodes claimed at once');
