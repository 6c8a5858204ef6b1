// Brings a run to rest after a change, in the commit of that change: skips that follow, conditions that are due, nodes
// that begin without a claim, times that have come, and scopes that have ended. Called by status.ts. A graph in which
// every node starts by the success of its needs has nothing of this, and is not looked at.
//
//   outer scopes first    skips · conditions · nodes begin (begin.ts) · what a halted scope awaits is cancelled
//   gates                 stages that are over (gates.ts)
//   inner scopes first    ended scopes end their nodes (close.ts)
//   again, until nothing changes

import { causeOfSkip, type Survey, survey } from '../../graph/ready/survey.ts';
import type { PatchOp } from '../../json/patch.ts';
import { formatPointer } from '../../json/pointer.ts';
import { holds, placesOf } from '../../path/condition.ts';
import { endDue } from './await.ts';
import { begin } from './begin.ts';
import { closeEnded } from './close.ts';
import { runStream } from './document.ts';
import { settleGates } from './gates.ts';
import { givenTo } from './given.ts';
import { readerOf } from './reader.ts';
import type { RecordOf } from './record.ts';
import type { RunScope } from './scope.ts';
import { skipAll } from './transition.ts';
import type { RunTree, Scope } from './tree.ts';

/** More passes than scopes can be deep: a run that does not come to rest is a bug. */
const MAX_PASSES = 50_000;

/** Brings the run to rest. */
export function settle(scope: RunScope): void {
  if (scope.graph.prepared.triggers === undefined) return;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const tree = scope.tree();
    let changed = false;
    for (const one of tree.open()) if (settleScope(scope, tree, one)) changed = true;
    if (settleGates(scope)) changed = true;
    if (closeEnded(scope)) changed = true;
    if (!changed) return;
  }
  throw new Error(`run ${scope.id} does not come to rest`);
}

/** One pass over one scope. True if it changed anything. */
function settleScope(scope: RunScope, tree: RunTree, one: Scope): boolean {
  const asked = new Asked(scope, tree, one);
  const { prepared } = one;
  const found =
    prepared.conditions.size === 0
      ? tree.surveyOf(one)
      : survey(prepared, scope.run.nodes, { ...tree.rulesOf(one), ask: (index) => asked.ask(index) });
  if (found === undefined) return false;
  const skips = found.verdicts.flatMap((verdict, i): [string, RecordOf<'skipped'>][] =>
    verdict === 'skipped' ? [[prepared.ids[i] ?? '', asked.skipOf(i) ?? upstream(scope, one, found, i)]] : [],
  );
  if (skips.length > 0) skipAll(scope, one.prefix, skips);
  asked.note();
  const ended = endDue(scope, one, found.halted);
  const starting = found.verdicts.flatMap((_, i) => (begins(scope, one, i, found) ? [i] : []));
  const begun = starting.filter((index) => begin(scope, one, index));
  return skips.length > 0 || asked.held.length > 0 || ended || begun.length > 0;
}

/** Whether the node at a position begins now by itself. */
function begins(scope: RunScope, { prepared }: Scope, i: number, { verdicts, halted }: Survey): boolean {
  if (prepared.begins[i] !== 1) return false;
  const record = scope.record(prepared.ids[i] ?? '');
  if (record === undefined) return verdicts[i] === 'starts';
  const stops = halted && prepared.triggers?.[i]?.errorPath !== true;
  return record.status === 'retrying' && !stops && (record.not_before ?? 0) <= scope.ctx.now;
}

function upstream({ ctx }: RunScope, { prepared }: Scope, found: Survey, index: number): RecordOf<'skipped'> {
  const cause = causeOfSkip(prepared, found, index);
  const record = { status: 'skipped' as const, why: 'upstream' as const, attempt: 0, fence: 0, ended_at: ctx.now };
  return cause === undefined ? record : { ...record, cause: prepared.ids[cause] ?? '' };
}

/** The conditions asked in one pass over one scope. */
class Asked {
  readonly held: string[] = [];
  readonly #scope: RunScope;
  readonly #tree: RunTree;
  readonly #in: Scope;
  readonly #skips = new Map<number, RecordOf<'skipped'>>();

  constructor(scope: RunScope, tree: RunTree, within: Scope) {
    this.#scope = scope;
    this.#tree = tree;
    this.#in = within;
  }

  /** Asks the condition of the node at a position. */
  ask(index: number): boolean {
    const { prepared } = this.#in;
    const id = prepared.ids[index] ?? '';
    const condition = prepared.conditions.get(index);
    const place = this.#tree.place(id);
    if (condition === undefined || place === undefined) return true;
    const places = placesOf(condition);
    const whole = places.some(([root, need]) => root === undefined || (root === 'needs' && need === undefined));
    const names = whole ? undefined : new Set(places.flatMap(([root, need]) => (root === 'needs' ? String(need) : [])));
    const found = holds(condition, givenTo(this.#tree, place, readerOf(this.#scope.ctx), names));
    if (found.ok && found.value) {
      this.held.push(id);
      return true;
    }
    const summary = found.ok ? `its condition did not hold: ${condition.text}` : 'its condition takes too much work';
    const { now } = this.#scope.ctx;
    this.#skips.set(index, { status: 'skipped', why: 'condition', attempt: 0, fence: 0, ended_at: now, summary });
    return false;
  }

  /** The skip of a node whose condition did not hold. */
  skipOf(index: number): RecordOf<'skipped'> | undefined {
    return this.#skips.get(index);
  }

  /** Records which conditions held: they are not asked again. */
  note(): void {
    if (this.held.length === 0) return;
    const { tx, run } = this.#scope;
    const all: PatchOp[] = run.noted === undefined ? [{ op: 'add', path: '/noted', value: {} }] : [];
    for (const id of this.held) all.push({ op: 'add', path: formatPointer(['noted', id]), value: true });
    tx.patch(runStream(run.id), { type: 'conditions.held', data: { count: this.held.length } }, all);
  }
}
