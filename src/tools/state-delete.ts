// state_delete: deletes all values that a path selects.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { changeState, type DeleteAnswer } from '../domain/state/commands.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq, writeState } from './shared/change.ts';
import { etagInput, pathInput, reasonInput, requestInput, seqOutput, sessionInput } from './shared/inputs.ts';

export const stateDelete = defineTool({
  name: 'state_delete',
  title: 'Delete from the state',
  toolset: 'state',
  description:
    'Use to remove what is no longer true: deletes every place that a path selects, all in one change. ' +
    'state_restore can bring it back. ' +
    'Answers {path, deleted, seq, previous? (a single small value), previous_by?, previous_at?}; deleted 0 means ' +
    'nothing was there.',
  searchHint: 'remove clear forget state value',
  annotations: { readOnly: false, destructive: true, idempotent: true },
  answers: { narrow: 'path' },
  positional: ['path'],
  input: z.strictObject({
    path: pathInput,
    if_etag: etagInput,
    reason: reasonInput,
    session: sessionInput,
    request_id: requestInput,
  }),
  output: z.object({
    path: z.string(),
    deleted: z.number().int(),
    seq: seqOutput,
    previous: z.unknown().optional(),
    previous_by: z.string().optional(),
    previous_at: z.string().optional(),
  }),
  async run(input, call: Call<Services>) {
    const operation = { op: 'delete' as const, path: input.path, ifEtag: input.if_etag, reason: input.reason };
    const changed = await writeState<DeleteAnswer>(
      call,
      'state_delete',
      input,
      (session) => (tx, ctx) => changeState(tx, ctx, session, operation),
    );
    return changed.ok ? withSeq(changed.value) : changed;
  },
});
