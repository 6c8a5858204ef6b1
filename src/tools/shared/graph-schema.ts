// The shape of a graph as graph_check takes it: types only. What a field means and whether it fits its node's kind is
// checked by src/graph/check/check.ts, which says it better than a schema can.

import { z } from 'zod';
import { nodeKinds } from '../../graph/kinds/index.ts';

const id = z.string().max(64);
const seconds = z.number();
const retry = z.strictObject({
  max_attempts: z.number().int().optional(),
  backoff_s: seconds.optional(),
  factor: z.number().optional(),
  max_backoff_s: seconds.optional(),
});
const timeouts = z.strictObject({ run_s: seconds.optional(), lease_s: seconds.optional() });

export const nodesInput = z
  .array(
    z.strictObject({
      id,
      kind: z.enum([...nodeKinds.keys()]),
      title: z.string().max(200).optional(),
      task: z.string().max(20_000).optional().describe('agent: all it is told'),
      command: z.array(z.string().max(8_000)).max(200).optional().describe('argv, no shell'),
      cwd: z.string().max(1_000).optional(),
      env: z.record(z.string(), z.string().max(8_000)).optional(),
      needs: z.array(id).max(5_000).optional(),
      effect: z
        .enum(['pure', 'idempotent', 'once'])
        .optional()
        .describe('once: never repeated without a decision; default for command'),
      priority: z.number().int().optional(),
      estimate_s: seconds.optional(),
      retry: retry.optional(),
      timeouts: timeouts.optional(),
      agent: z.string().max(64).optional(),
      skills: z.array(z.string().max(64)).max(20).optional(),
      output: z.string().max(2_000).optional(),
    }),
  )
  .max(20_000);

export const defaultsInput = z.strictObject({ retry: retry.optional(), timeouts: timeouts.optional() });
export const onFailureInput = z.enum(['fail_fast', 'continue']);
export const maxParallelInput = z.union([z.number().int().min(1).max(10_000), z.literal('auto')]);
