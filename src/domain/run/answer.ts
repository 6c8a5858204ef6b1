// Answers to the questions of approvals, and signals to waits: both end nodes that await something. Called by
// control.ts.
//
//   an answer names its question by id      another question is asked by now: refused, naming it
//   whoever did the work asked about        may not answer
//   k answers for one option end the node   a second answer of one author replaces the first

import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import { type ApprovalNode, optionsOf } from '../../graph/kinds/approval.ts';
import { copyJson } from '../../json/json.ts';
import { formatPointer } from '../../json/pointer.ts';
import { endAwaiting, outcomeOf } from './await.ts';
import type { ControlAnswer, ControlInput } from './control.ts';
import { missing } from './control-node.ts';
import { hasEnded, runStream } from './document.ts';
import { expireDue } from './due.ts';
import { isAuthor } from './judge.ts';
import type { Answer, Question, RecordOf } from './record.ts';
import { redo } from './redo.ts';
import type { RunScope } from './scope.ts';
import { newlyReadyIn, updateStatus } from './status.ts';
import { transition } from './transition.ts';
import type { Place } from './tree.ts';

type Asked = { place: Place; node: ApprovalNode; record: Readonly<RecordOf<'awaiting'>>; question: Question };

/** Takes an answer. Fails with `unknown-question`, `not-allowed`, `invalid-input`. */
export function answerQuestion(scope: RunScope, input: ControlInput): Result<ControlAnswer> {
  if (input.question === undefined) return missing('question', 'required for answer: its id');
  if (input.option === undefined) return missing('option', 'required for answer');
  // A deadline that has passed has won.
  expireDue(scope);
  const asked = openQuestion(scope, input.question);
  if (asked === undefined) return fail(gone(scope, input.question));
  const options = [...optionsOf(asked.node).keys()];
  if (!options.includes(input.option))
    return fail({ code: 'invalid-input', issues: [{ at: 'option', why: `use one of ${options.join(', ')}` }] });
  const barred = barTo(scope, asked);
  if (barred !== undefined) return barred;
  const answers = withAnswer(asked.question, answerOf(scope, input, input.option));
  const votes = answers.filter(({ option }) => option === input.option).length;
  const needed = asked.node.k ?? 1;
  const { id } = asked.place;
  if (votes < needed) {
    note(scope, asked, answers);
    const status = updateStatus(scope);
    const left = `${votes} of ${needed} answers for "${input.option}"`;
    return ok({
      run: scope.id,
      action: input.action,
      status,
      node: id,
      node_status: 'awaiting',
      newly_ready: [],
      note: left,
    });
  }
  const { outcome, error } = outcomeOf(asked.node, input.option);
  const by = answers.at(-1)?.by ?? '';
  const output = { option: input.option, by, ...(input.reason === undefined ? {} : { reason: input.reason }) };
  endAwaiting(scope, id, asked.record, { outcome, error, output, answers });
  if (outcome === 'failed' && asked.node.on_reject !== undefined) redo(scope, asked.place, asked.node.on_reject);
  const status = updateStatus(scope);
  const node_status = scope.record(id)?.status ?? 'retrying';
  return ok({
    run: scope.id,
    action: input.action,
    status,
    node: id,
    node_status,
    newly_ready: newlyReadyIn(scope, id),
  });
}

/** The open question with this id. */
function openQuestion(scope: RunScope, question: string): Asked | undefined {
  for (const [id, record] of Object.entries(scope.run.nodes)) {
    if (record.status !== 'awaiting' || record.question?.id !== question) continue;
    const place = scope.place(id);
    if (place?.node.kind === 'approval') return { place, node: place.node, record, question: record.question };
  }
  return undefined;
}

function gone({ run }: RunScope, question: string): Failure {
  const nodes = Object.entries(run.nodes);
  const open = nodes.flatMap(([, { status, question: one }]) => (status === 'awaiting' ? (one?.id ?? []) : []));
  const ended = nodes.find(([, node]) => node.question?.id === question);
  const why = ended === undefined ? 'the run does not ask it, or asks it anew' : `${ended[0]} is ${ended[1].status}`;
  const how =
    open.length === 0 ? `run_status {run: "${run.id}"} shows how it stands` : `open questions: ${open.join(', ')}`;
  return { code: 'not-allowed', what: `An answer to ${question}`, why, how };
}

/** Why the caller may not answer; undefined if it may. */
function barTo(scope: RunScope, { place, node }: Asked): Result<never> | undefined {
  const { by } = scope.ctx;
  const what = `An answer to ${place.id}`;
  const no = (why: string, how: string): Result<never> => fail({ code: 'not-allowed', what, why, how });
  const isPerson = by.grade === 'person';
  const own = (node.needs ?? []).find((need) => {
    const record = scope.record(place.scope.prefix + need);
    return (
      record?.session !== undefined &&
      record.session === by.session &&
      (record.agent_name ?? 'main') === (by.agent ?? 'main')
    );
  });
  if (place.scope.record?.kind === 'gates' && isAuthor(scope, scope.record(place.scope.record.of)))
    return no('you did the work', 'let a person or another agent answer');
  if (!isPerson && own !== undefined)
    return no(`you did ${own}, which it asks about`, 'let a person or another session answer');
  if (node.who === undefined || node.who.includes('anyone')) return undefined;
  if (isPerson && node.who.includes('person')) return undefined;
  const name = by.agent ?? 'main';
  if (!isPerson && (node.who.includes(name) || (by.session !== undefined && node.who.includes(by.session))))
    return undefined;
  const command = `baton run control ${scope.id} answer --question … --option …`;
  return no(`it is for ${node.who.join(', ')}`, `let one of them answer; a person by \`${command}\``);
}

function answerOf({ ctx: { by, now } }: RunScope, { reason }: ControlInput, option: string): Answer {
  const isPerson = by.grade === 'person';
  const who = isPerson ? by.user : [by.session ?? by.user, by.agent ?? 'main'].join('.');
  return {
    option,
    by: who,
    grade: isPerson ? 'person' : 'claimed',
    at: now,
    ...(by.session === undefined || isPerson ? {} : { session: by.session }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function withAnswer({ answers = [] }: Question, answer: Answer): Answer[] {
  return [...answers.filter(({ by }) => by !== answer.by), answer];
}

/** Records answers that do not suffice yet. */
function note(scope: RunScope, { place, record, question }: Asked, answers: readonly Answer[]): void {
  const next = { ...record, question: { ...question, answers: [...answers] } };
  transition(scope, place.id, next, 'node.answered');
}

/** Ends every wait for a signal; with none open it is kept for the next. */
export function sendSignal(scope: RunScope, input: ControlInput): Result<ControlAnswer> {
  const { run, tx } = scope;
  const { signal, action } = input;
  if (signal === undefined) return missing('signal', 'required for signal: its name');
  if (hasEnded(run.status)) {
    const call = 'run_start for a run that waits for it';
    return fail({
      code: 'illegal-transition',
      what: `the run ${run.id}`,
      from: run.status,
      to: 'running',
      legal: [],
      call,
    });
  }
  const output = copyJson(input.output ?? null);
  const waiting = Object.entries(run.nodes).flatMap(([id, record]): [string, RecordOf<'awaiting'>][] =>
    record.status === 'awaiting' && record.signal === signal ? [[id, record]] : [],
  );
  for (const [id, record] of waiting) endAwaiting(scope, id, record, { outcome: 'finished', output });
  if (waiting.length === 0) {
    const first = run.signals === undefined ? [{ op: 'add' as const, path: '/signals', value: {} }] : [];
    const kept = { op: 'add' as const, path: formatPointer(['signals', signal]), value: output };
    tx.patch(runStream(run.id), { type: 'signal.kept', data: { signal } }, [...first, kept]);
  }
  const status = updateStatus(scope);
  const newly_ready = waiting.flatMap(([id]) => newlyReadyIn(scope, id));
  const note =
    waiting.length === 0
      ? 'nothing waits for it: the next wait takes it'
      : `ended ${waiting.map(([id]) => id).join(', ')}`;
  return ok({ run: run.id, action, status, newly_ready, note });
}
