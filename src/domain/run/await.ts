// Nodes that await something without a claim: a point in time, a signal, or the answer to a question. Their begin, and
// their end when the time has come or the scope is halted; answers and signals come by answer.ts. Called by begin.ts
// and settle.ts.

import { type ApprovalNode, type OptionOutcome, optionsOf } from '../../graph/kinds/approval.ts';
import type { WaitNode } from '../../graph/kinds/wait.ts';
import { hashOf } from '../../json/canonical.ts';
import { copyJson, type Json } from '../../json/json.ts';
import { formatPointer } from '../../json/pointer.ts';
import { cancelNode } from './cancel.ts';
import { runStream } from './document.ts';
import { givenTo } from './given.ts';
import { readerOf } from './reader.ts';
import type { Answer, NodeRecord, Question, RecordOf } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import type { Place, Scope } from './tree.ts';

/** Begins a wait. A signal that came before anyone waited ends it at once. */
export function awaitTime(scope: RunScope, place: Place, node: WaitNode): void {
  const { ctx, run, tx } = scope;
  const { signal, for_s, until } = node;
  const base = { ...numbersOf(scope.record(place.id)), started_at: ctx.now, title: node.title };
  const kept = signal === undefined ? undefined : run.signals?.[signal];
  if (signal !== undefined && kept !== undefined) {
    const output = copyJson(kept);
    const path = formatPointer(['signals', signal]);
    tx.patch(runStream(run.id), { type: 'signal.taken', data: { signal, node: place.id } }, [{ op: 'remove', path }]);
    transition(scope, place.id, { ...base, status: 'finished', ended_at: ctx.now, output }, 'node.finished');
    return;
  }
  const end = for_s === undefined ? (until === undefined ? undefined : Date.parse(until)) : ctx.now + for_s * 1_000;
  transition(scope, place.id, { ...base, status: 'awaiting', until: end, signal }, 'node.awaiting');
}

/** Asks the question of an approval. */
export function awaitAnswer(scope: RunScope, place: Place, node: ApprovalNode): void {
  const { ctx } = scope;
  const base = { ...numbersOf(scope.record(place.id)), started_at: ctx.now, title: node.title };
  const question: Question = { id: ctx.id('qst'), asked_at: ctx.now, shown: shownBy(scope, place, node) };
  const until = node.deadline_s === undefined ? undefined : ctx.now + node.deadline_s * 1_000;
  transition(scope, place.id, { ...base, status: 'awaiting', until, question }, 'node.awaiting');
}

/** Hash of what a question shows: when it changes, answers to the old one have no effect. */
export function shownBy(scope: RunScope, place: Place, node: ApprovalNode): string {
  const { needs = {} } = givenTo(scope.tree(), place, readerOf(scope.ctx));
  const shows: Json = [node.ask, [...optionsOf(node).keys()], needs];
  return hashOf(shows, 16);
}

function numbersOf(record: Readonly<NodeRecord> | undefined): { attempt: number; fence: number } {
  return { attempt: Math.max(1, record?.attempt ?? 1), fence: record?.fence ?? 0 };
}

/** Ends what a scope awaits: all of it if the scope is halted, else what is due. True if there was any. */
export function endDue(scope: RunScope, { prepared }: Scope, halted: boolean): boolean {
  if ((scope.run.counters.awaiting ?? 0) === 0) return false;
  let ended = false;
  for (const [i, id] of prepared.ids.entries()) {
    const record = scope.record(id);
    if (record?.status !== 'awaiting') continue;
    if (halted && prepared.triggers?.[i]?.errorPath !== true) cancelNode(scope, id, record);
    else if (record.until !== undefined && record.until <= scope.ctx.now) endByTime(scope, id, record);
    else continue;
    ended = true;
  }
  return ended;
}

function endByTime(scope: RunScope, id: string, record: Readonly<RecordOf<'awaiting'>>): void {
  const node = scope.place(id)?.node;
  endAwaiting(scope, id, record, node?.kind === 'approval' ? withoutAnswer(node) : { outcome: 'finished' });
}

/** What becomes of an approval that nobody answered in time. */
function withoutAnswer(node: ApprovalNode): AwaitedEnd {
  const { on_deadline: option } = node;
  if (option !== undefined) return { ...outcomeOf(node, option), output: { option, by: 'deadline' } };
  return { outcome: 'failed', error: { kind: 'deadline', message: 'nobody answered in time' } };
}

/** What an option makes of an approval. */
export function outcomeOf(node: ApprovalNode, option: string): { outcome: OptionOutcome; error?: NodeRecord['error'] } {
  const outcome = optionsOf(node).get(option) ?? 'failed';
  return outcome === 'finished'
    ? { outcome }
    : { outcome, error: { kind: 'rejected', message: `answered: ${option}` } };
}

interface AwaitedEnd {
  outcome: OptionOutcome;
  output?: Json;
  error?: NodeRecord['error'];
  answers?: Answer[];
}

/** Ends a node that awaited something. */
export function endAwaiting(
  scope: RunScope,
  id: string,
  record: Readonly<RecordOf<'awaiting'>>,
  { outcome, output, error, answers }: AwaitedEnd,
): void {
  const { until: _, signal: __, question: asked, ...kept } = record;
  const question = asked === undefined || answers === undefined ? asked : { ...asked, answers };
  const next = { ...kept, question, output, ended_at: scope.ctx.now };
  if (outcome === 'finished') transition(scope, id, { ...next, status: outcome }, 'node.finished');
  else transition(scope, id, { ...next, error, status: outcome }, 'node.failed');
}
