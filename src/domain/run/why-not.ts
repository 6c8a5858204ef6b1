// Explains to agents why there is nothing to claim, or why one node cannot be claimed. Used by claim.ts.

import type { Failure } from '../../failure/failure.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { type Readiness, readinessAt } from '../../graph/ready/readiness.ts';
import type { Ready } from '../../graph/ready/ready.ts';
import { type NodeStatus, satisfies } from '../../graph/ready/run-node.ts';
import { isUnderWay, type RunDocument, standingInWords } from './document.ts';
import { type ClaimAnswer, type ClaimInput, ineligibleReason } from './fit.ts';
import { readyIn } from './ready-in.ts';
import type { NodeRecord } from './record.ts';
import type { RunScope } from './scope.ts';
import { type Place, RunTree } from './tree.ts';
import { type Barred, waitsOf } from './waits.ts';

type NoneAnswer = Extract<ClaimAnswer, { kind: 'none' }>;

/** Why nothing can be claimed. `barred`: the ready nodes, and why this agent may not claim each. */
export function noneFor(scope: RunScope, ready?: Ready, barred: readonly Barred[] = []): NoneAnswer {
  const answer = whyNone(scope, ready, barred);
  if (ready === undefined || (answer.none !== 'all_blocked' && answer.none !== 'all_claimed')) return answer;
  const waits = waitsOf(scope, barred);
  return waits.length === 0 ? answer : { ...answer, waits };
}

function whyNone({ run, graph }: RunScope, ready: Ready | undefined, barred: readonly Barred[]): NoneAnswer {
  const { counters } = run;
  const final = countOf(counters, 'finished', 'failed', 'skipped', 'cancelled');
  const left = ready?.left ?? Math.max(0, graph.prepared.ids.length - final);
  const waits = (status: NodeStatus, what: string): string[] => {
    const count = countOf(counters, status);
    return count > 0 ? [`${count} ${what}`] : [];
  };
  const counts = [
    ...waits('claimed', 'claimed'),
    ...waits('retrying', 'to be tried again'),
    ...waits('gating', 'passing gates'),
    ...waits('awaiting', 'awaiting an answer, a time or a signal'),
    ...waits('needs_decision', 'waiting for a decision (run_control)'),
    ...waits('failed', 'failed'),
  ];
  const until = ready?.none?.until;
  const answer = (none: NoneAnswer['none'], why: string): NoneAnswer => ({
    kind: 'none',
    none,
    why,
    left,
    ...(until === undefined ? {} : { until }),
  });
  if (run.status === 'paused')
    return answer('paused', `${standingInWords(run)}; run_control {action: "resume"} goes on`);
  if (ready === undefined || ready.none?.why === 'finished') return answer('finished', standingInWords(run));
  if (barred.length > 0) return answer('all_blocked', reasons(barred).slice(0, 3).join('; '));
  if (ready.none?.why === 'all_claimed') {
    const full =
      ready.free === 0 ? `at most ${run.max_parallel} may be claimed at once` : 'the rest needs what is claimed';
    return answer('all_claimed', [...counts, full].join(', '));
  }
  return answer('all_blocked', counts.join(', '));
}

/** Each reason with its count, the commonest first. */
function reasons(barred: readonly Barred[]): string[] {
  const counts = new Map<string, number>();
  for (const { why } of barred) counts.set(why, (counts.get(why) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([why, count]) => `${count} ready, but ${why}`);
}

/** Why a node asked for by name cannot be claimed. `unfit`: why this agent may not claim it. */
export function unclaimable(
  scope: RunScope,
  input: ClaimInput,
  node: string,
  unfit = ineligibleReason(scope, input, node),
): Failure {
  const place = scope.place(node);
  if (place === undefined) return { code: 'unknown-node', run: scope.id, node, near: [] };
  return { code: 'node-not-ready', node, why: whyNot(scope, place, unfit) };
}

function whyNot({ run, ctx }: RunScope, place: Place, unfit: string | undefined): string {
  if (!isUnderWay(run.status)) return standingInWords(run);
  const tree = new RunTree(run, (hash) => ctx.definition(hash));
  const { prepared } = place.scope;
  const at = { ...tree.rulesOf(place.scope), now: ctx.now, lastSeen: ctx.lastSeen };
  const found = readinessAt(prepared, run.nodes, place.index, at);
  if (found.is !== 'ready') return wordsFor(found, run, place);
  if (unfit !== undefined) return unfit;
  const ready = readyIn(tree, { now: ctx.now, lastSeen: ctx.lastSeen });
  return ready.free === 0
    ? `at most ${run.max_parallel} may be claimed at once`
    : 'a node has failed, so nothing new starts';
}

function wordsFor(
  found: Exclude<Readiness, { is: 'ready' }>,
  run: Readonly<RunDocument>,
  { scope: { prepared }, index, id }: Place,
): string {
  const { ids, needs } = prepared;
  const node = run.nodes[id];
  if (found.is === 'blocked' && found.why === 'dead') return 'what it needs has failed, so it can no longer start';
  if (found.is === 'blocked' && found.why === 'halted') return 'a node has failed, so nothing new starts';
  if (found.is !== 'waiting') return `it is ${node?.status ?? found.is}`;
  const until = new Date(found.until ?? 0).toISOString();
  switch (found.on) {
    case 'needs': {
      const all = Array.from(needs.to.subarray(needs.start[index], needs.start[index + 1]), (need) => ids[need] ?? '');
      const open = all.filter((need) => !satisfies(run.nodes[need]));
      return `it needs ${open.slice(0, 5).join(', ')}, not finished yet`;
    }
    case 'claim':
      return `it is claimed by ${node?.agent_name ?? 'another'} until ${until}`;
    case 'pause':
      return `it is tried again at ${until}`;
    case 'begin':
      return 'it begins by itself, once the run goes on and has room for it';
    case 'scope':
      return 'its own nodes are at work; claim one of those';
    case 'answer':
      return awaitedIn(node, found.until);
  }
}

/** What a node awaits, in words. */
function awaitedIn(node: Readonly<NodeRecord> | undefined, until: number | undefined): string {
  const end = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  if (node?.question !== undefined) return `it waits for an answer${end}: run_control {action: "answer"}`;
  return node?.signal === undefined ? `it waits${end}` : `it waits for the signal "${node.signal}"${end}`;
}
