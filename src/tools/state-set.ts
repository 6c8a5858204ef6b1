// state_set: sets one value at one path. The tool that agents use most for writing.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { changeState, type SetAnswer } from '../domain/state/commands.ts';
import { checkValue } from '../json/limits.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq, writeState } from './shared/change.ts';
import {
  etagInput,
  pathInput,
  reasonInput,
  requestInput,
  seqOutput,
  sessionInput,
  valueInput,
} from './shared/inputs.ts';
import { storedAsText, withNote } from './shared/note.ts';

export const stateSet = defineTool({
  name: 'state_set',
  title: 'Set a value in the state',
  toolset: 'state',
  description:
    'Use to remember a value so that it survives this conversation: sets it at a path, making missing parents. ' +
    'Durable when it answers. ' +
    'Pass if_etag (from state_get) when others may write the same place, if_absent to create only. ' +
    'Answers {path, etag, seq, created, type, previous?, previous_by?, previous_at?}.',
  searchHint: 'save store remember write value state memory path',
  annotations: { readOnly: false, destructive: true, idempotent: true },
  answers: { narrow: 'path' },
  positional: ['path', 'value'],
  input: z.strictObject({
    path: pathInput,
    value: valueInput,
    if_etag: etagInput,
    if_absent: z.boolean().optional().describe('Only if nothing is there yet'),
    reason: reasonInput,
    session: sessionInput,
    request_id: requestInput,
  }),
  output: z.object({
    path: z.string(),
    etag: z.string(),
    seq: seqOutput,
    created: z.boolean(),
    type: z.string(),
    previous: z.unknown().optional().describe('What was there, up to 1 KB'),
    previous_by: z.string().optional(),
    previous_at: z.string().optional(),
  }),
  async run(input, call: Call<Services>) {
    const value = checkValue(input.value);
    if (!value.ok) return value;
    const { path, if_etag: ifEtag, if_absent: ifAbsent, reason } = input;
    const operation = { op: 'set' as const, path, value: value.value, ifEtag, ifAbsent, reason };
    const changed = await writeState<SetAnswer>(
      call,
      'state_set',
      input,
      (session) => (tx, ctx) => changeState(tx, ctx, session, operation),
    );
    if (!changed.ok) return changed;
    return withSeq(changed.value, withNote(changed.value.value, storedAsText([value.value])));
  },
});
