// state_merge: merges an object into the value at a path, by RFC 7396.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { changeState, type MergeAnswer } from '../domain/state/commands.ts';
import { fail } from '../failure/failure.ts';
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
import { storedAsText } from './shared/note.ts';

export const stateMerge = defineTool({
  name: 'state_merge',
  title: 'Merge values into the state',
  toolset: 'state',
  description:
    'Use to set several values at once: merges an object into what is at a path (JSON Merge Patch, RFC 7396: null ' +
    'removes a key, arrays are replaced whole). ' +
    'Only what differs is written. Answers {path, etag, seq, changed: [pointer], changed_count}.',
  searchHint: 'update patch combine object state several values',
  annotations: { readOnly: false, destructive: true, idempotent: true },
  answers: { narrow: 'path' },
  positional: ['path', 'value'],
  input: z.strictObject({
    path: pathInput.default('$'),
    value: valueInput,
    if_etag: etagInput,
    reason: reasonInput,
    session: sessionInput,
    request_id: requestInput,
  }),
  output: z.object({
    path: z.string(),
    etag: z.string(),
    seq: seqOutput,
    changed: z.array(z.string()).describe('Pointers, at most 20'),
    changed_count: z.number().int(),
  }),
  async run(input, call: Call<Services>) {
    const value = checkValue(input.value);
    if (!value.ok) return value;
    // Merged as RFC 7396 has it, the text would replace the object it was meant for.
    if (storedAsText([value.value]) !== undefined)
      return fail({
        code: 'invalid-input',
        issues: [{ at: 'value', why: 'is text that is JSON: pass the object itself, or store the text by state_set' }],
      });
    const { path, if_etag: ifEtag, reason } = input;
    const operation = { op: 'merge' as const, path, value: value.value, ifEtag, reason };
    const changed = await writeState<MergeAnswer>(
      call,
      'state_merge',
      input,
      (session) => (tx, ctx) => changeState(tx, ctx, session, operation),
    );
    if (!changed.ok) return changed;
    return withSeq(changed.value);
  },
});
