// How every node of a run stands where the graph has triggers, in one walk in topological order: what its needs came
// to, what its trigger makes of that, and whether uncaught failures halt the run. Graphs without triggers are not
// surveyed: readiness.ts asks their needs directly.
//
//   halted   fail_fast, and a failure that no node catches. Only nodes with an error-path trigger start; every other
//            node that waits or is to be tried again counts as dead.
//   caught   a node with `handles` that needs the failed one, directly or by way of dead nodes, can still start, is at
//            work or has finished.
//   asks     its trigger holds, and its condition was not asked yet: settle.ts asks it in the same commit.

import type { FailurePolicy } from '../graph.ts';
import type { Edges } from '../links.ts';
import type { PreparedGraph } from '../prepare.ts';
import { type NeedCounts, type NodeTrigger, type Verdict, verdictOf } from '../trigger.ts';
import { type RunNode, type RunNodes, satisfies } from './run-node.ts';

/** How a node counts for those that need it. */
export type NeedState = keyof NeedCounts;

/** How a node without a record stands. */
export type Standing = Verdict | 'asks';

export interface SurveyRules {
  onFailure?: FailurePolicy | undefined;
  /** The nodes whose condition was asked, and held. */
  noted?: Readonly<Record<string, true>> | undefined;
  /** The scope around this one is halted, and so is this one. */
  haltedAbove?: boolean | undefined;
  /** Asks the condition of the node at a position. Absent: a node whose condition is due stands as `asks`. */
  ask?: ((index: number) => boolean) | undefined;
}

export interface Survey {
  /** Per node. */
  readonly states: readonly NeedState[];
  /** Per node without a record: what its trigger makes of its needs; undefined for nodes with one. */
  readonly verdicts: readonly (Standing | undefined)[];
  readonly halted: boolean;
  /** The failed nodes that nothing catches, as positions. */
  readonly uncaught: readonly number[];
  /** Nodes that are dead only because the run is halted, as positions. */
  readonly deadByHalt: readonly number[];
}

/** The trigger of a node; undefined in a graph without any. */
export function triggerAt({ triggers }: PreparedGraph, index: number): NodeTrigger | undefined {
  return triggers?.[index];
}

/** Surveys one scope of a run. Contract: the graph has triggers. O(nodes + edges). */
export function survey(prepared: PreparedGraph, runNodes: RunNodes, rules: SurveyRules): Survey {
  // No condition is asked before it is known that its node may start.
  const unhalted = walk(prepared, runNodes, false, { ...rules, ask: undefined });
  const uncaught = prepared.ids.flatMap((id, i) =>
    runNodes[id]?.status === 'failed' && !isCaught(prepared, runNodes, unhalted, i) ? [i] : [],
  );
  const policy = rules.onFailure ?? prepared.graph.on_failure ?? 'fail_fast';
  const halted = rules.haltedAbove === true || (uncaught.length > 0 && policy !== 'continue');
  const asks = rules.ask !== undefined && unhalted.verdicts.includes('asks');
  if (!halted && !asks) return { ...unhalted, halted, uncaught, deadByHalt: [] };
  const found = walk(prepared, runNodes, halted, rules);
  const isDead = ({ states }: Walked, i: number): boolean => states[i] === 'bad';
  const deadByHalt = prepared.ids.flatMap((_, i) => (halted && isDead(found, i) && !isDead(unhalted, i) ? [i] : []));
  return { ...found, halted, uncaught, deadByHalt };
}

type Walked = Pick<Survey, 'states' | 'verdicts'>;

function walk(prepared: PreparedGraph, runNodes: RunNodes, halted: boolean, { noted, ask }: SurveyRules): Walked {
  const { ids, order, needs, conditions } = prepared;
  const states: NeedState[] = new Array(ids.length).fill('open');
  const verdicts: (Standing | undefined)[] = new Array(ids.length).fill(undefined);
  for (const i of order) {
    const trigger = triggerAt(prepared, i);
    if (trigger === undefined) continue;
    const id = ids[i] ?? '';
    const node = runNodes[id];
    const stops = halted && !trigger.errorPath;
    if (node !== undefined) {
      states[i] = stateOf(node, stops);
      continue;
    }
    let verdict: Standing = stops ? 'dead' : verdictOf(trigger, countNeeds(needs, states, i));
    if (verdict === 'starts' && conditions.has(i) && noted?.[id] === undefined)
      verdict = ask === undefined ? 'asks' : ask(i) ? 'starts' : 'skipped';
    verdicts[i] = verdict;
    states[i] = verdict === 'dead' ? 'bad' : verdict === 'skipped' ? 'passed' : 'open';
  }
  return { states, verdicts };
}

function countNeeds({ start, to }: Edges, states: readonly NeedState[], index: number): NeedCounts {
  const counts: NeedCounts = { good: 0, passed: 0, bad: 0, open: 0 };
  for (const need of to.subarray(start[index], start[index + 1])) counts[states[need] ?? 'open']++;
  return counts;
}

/** `stops`: the run is halted, and the node is none that starts after a failure. */
function stateOf(node: RunNode, stops: boolean): NeedState {
  switch (node.status) {
    case 'finished':
      return 'good';
    case 'skipped':
      return satisfies(node) ? 'good' : 'passed';
    case 'failed':
    case 'cancelled':
      return 'bad';
    case 'retrying':
      return stops ? 'bad' : 'open';
    case 'claimed':
    case 'open':
    case 'gating':
    case 'awaiting':
    case 'needs_decision':
      return 'open';
  }
}

function isCaught(prepared: PreparedGraph, runNodes: RunNodes, found: Walked, failed: number): boolean {
  const { ids, dependents } = prepared;
  const seen = new Set([failed]);
  for (const node of seen) {
    for (const next of dependents.to.subarray(dependents.start[node], dependents.start[node + 1])) {
      const record = runNodes[ids[next] ?? ''];
      const alive = found.states[next] === 'open' || record?.status === 'finished';
      if (alive && triggerAt(prepared, next)?.handles === true) return true;
      if (found.verdicts[next] === 'dead') seen.add(next);
    }
  }
  return false;
}

/** The need that a skip follows from: one that was passed, else one that was good; undefined if there is neither. */
export function causeOfSkip(prepared: PreparedGraph, found: Survey, index: number): number | undefined {
  return needThatIs(prepared, found, index, 'passed') ?? needThatIs(prepared, found, index, 'good');
}

/**
 * The first cause of a node that is dead, or was skipped because of its needs: what failed or was decided, by way of
 * nodes that are dead or skipped themselves. Undefined for a skip that follows from nothing.
 */
export function firstCause(
  prepared: PreparedGraph,
  found: Survey,
  runNodes: RunNodes,
  index: number,
): number | undefined {
  let cause: number | undefined;
  for (let at: number | undefined = index; at !== undefined; ) {
    const node: (RunNode & { cause?: string }) | undefined = runNodes[prepared.ids[at] ?? ''];
    if (node === undefined && found.verdicts[at] === 'dead') {
      // Without a bad need it is dead by the halt alone.
      at = needThatIs(prepared, found, at, 'bad') ?? found.uncaught[0];
    } else if (node?.why === 'upstream') {
      at = node.cause === undefined ? undefined : prepared.index.get(node.cause);
    } else return at;
    cause = at ?? cause;
  }
  return cause;
}

function needThatIs({ needs }: PreparedGraph, { states }: Survey, index: number, state: NeedState): number | undefined {
  return needs.to.subarray(needs.start[index], needs.start[index + 1]).find((need) => states[need] === state);
}
