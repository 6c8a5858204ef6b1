// state_batch: makes several changes in one commit, all or none; with dry_run it shows them.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import type { Decide } from '../domain/command.ts';
import { changeState, etagAt, type StateOperation } from '../domain/state/commands.ts';
import { type Failure, fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { checkValue } from '../json/limits.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq, writeState } from './shared/change.ts';
import { etagInput, pathInput, reasonInput, requestInput, seqOutput, sessionInput } from './shared/inputs.ts';
import { storedAsText, withNote } from './shared/note.ts';
import { ROWS_CHARS, shownOps } from './shared/shown.ts';
import { underRules } from './shared/state-rules.ts';

const PATCH_SHOWN = 50;
const PATH_SHOWN = 40;

const operation = z.strictObject({
  op: z.enum(['set', 'merge', 'delete']),
  path: pathInput,
  value: z.unknown().optional().describe('For set and merge'),
  if_etag: etagInput,
  if_absent: z.boolean().optional().describe('For set: only if nothing is there'),
});

const input = z
  .strictObject({
    operations: z.array(operation).min(1).max(50),
    dry_run: z.boolean().optional().describe('Change nothing; answer the patch it would make'),
    reason: reasonInput,
    session: sessionInput,
    request_id: requestInput,
  })
  .superRefine(({ operations }, refinement) => {
    for (const [index, { op, value, if_absent }] of operations.entries()) {
      if (op !== 'delete' && value === undefined) {
        refinement.addIssue({ code: 'custom', path: ['operations', index, 'value'], message: `${op} needs a value` });
      }
      if (op === 'delete' && (value !== undefined || if_absent !== undefined)) {
        const at = value === undefined ? 'if_absent' : 'value';
        refinement.addIssue({ code: 'custom', path: ['operations', index, at], message: `delete takes no ${at}` });
      }
    }
  });

interface BatchAnswer {
  results: { [fact: string]: unknown; path: string }[];
}

export const stateBatch = defineTool({
  name: 'state_batch',
  title: 'Change several places at once',
  toolset: 'state',
  description:
    'Use when several changes must happen together or not at all: up to 50 set, merge and delete operations in ' +
    'one commit. ' +
    'dry_run shows the patch without changing anything. Answers {results, seq, patch? (dry_run)}; the first ' +
    'operation that fails fails them all.',
  searchHint: 'transaction atomic several changes what-if dry run state',
  annotations: { readOnly: false, destructive: true, idempotent: true },
  answers: { narrow: 'operations' },
  input,
  output: z.object({
    results: z.array(z.looseObject({ path: z.string() })),
    seq: seqOutput,
    patch: z.array(z.looseObject({ op: z.string(), path: z.string() })).optional(),
    cut: z.string().optional(),
  }),
  async run(given, call: Call<Services>) {
    const operations = toOperations(given.operations);
    if (!operations.ok) return operations;
    const { reason } = given;
    const command = (session: string) =>
      batch(
        session,
        operations.value.map((one) => ({ ...one, reason, type: 'state.batched' as const })),
      );
    if (given.dry_run === true) return await dryRun(call, given, command);
    const changed = await writeState<BatchAnswer>(call, 'state_batch', given, command);
    if (!changed.ok) return changed;
    const texts = storedAsText(given.operations.map(({ value }) => value as Json));
    return withSeq(changed.value, withNote(changed.value.value, texts));
  },
});

function batch(session: string, operations: readonly StateOperation[]): Decide<BatchAnswer> {
  return (tx, ctx) => {
    const results: BatchAnswer['results'] = [];
    for (const [index, one] of operations.entries()) {
      const result = changeState(tx, ctx, session, one);
      if (!result.ok) return fail(named(result.failure, index));
      results.push({ ...result.value });
    }
    // Etags as of the end of the batch: later operations may have changed the value, or the document's version.
    for (const result of results) if ('etag' in result) result['etag'] = etagAt(tx, session, result.path);
    return ok({ results: results.map(shortener(results)) });
  };
}

/** Keeps the results if they all fit; otherwise leaves out members that the caller can read again. */
function shortener(results: BatchAnswer['results']): (result: BatchAnswer['results'][number]) => typeof result {
  if (JSON.stringify(results).length <= ROWS_CHARS / 2) return (result) => result;
  return ({ previous: _, changed: __, path, ...facts }) => ({
    ...facts,
    path: path.length > PATH_SHOWN ? `${path.slice(0, PATH_SHOWN)}…` : path,
  });
}

/** Adds the operation's index to a failure that has room for it. */
function named(failure: Failure, index: number): Failure {
  if (failure.code === 'path-refused') return { ...failure, why: `operation ${index}: ${failure.why}` };
  return failure;
}

async function dryRun(
  call: Call<Services>,
  given: { session?: string | undefined },
  command: (session: string) => Decide<BatchAnswer>,
) {
  const { documents, sessions } = call.services;
  const session = await sessions.ensure(given.session);
  if (!session.ok) return session;
  const guarded = underRules(
    call.services,
    session.value,
    { tool: 'state_batch', input: given },
    command(session.value),
  );
  const tried = await documents.dryRun(guarded, sessions.author('state_batch', session.value));
  if (!tried.ok) return sessions.withNear<never>(tried);
  const { shown, cut } = shownOps(
    tried.value.events.flatMap((event) => event.patch),
    PATCH_SHOWN,
    ROWS_CHARS / 2,
  );
  return ok({ ...tried.value.value, seq: tried.value.seq, patch: shown, ...(cut === undefined ? {} : { cut }) });
}

function toOperations(given: z.output<typeof input>['operations']): Result<StateOperation[]> {
  const operations: StateOperation[] = [];
  for (const [index, { op, path, value, if_etag: ifEtag, if_absent: ifAbsent }] of given.entries()) {
    if (op === 'delete') {
      operations.push({ op, path, ifEtag });
      continue;
    }
    const checked = checkValue(value);
    if (!checked.ok) {
      const { failure } = checked;
      return fail(
        failure.code === 'value-refused' ? { ...failure, at: `operations/${index}/value${failure.at}` } : failure,
      );
    }
    operations.push({ op, path, value: checked.value, ifEtag, ifAbsent });
  }
  return ok(operations);
}
