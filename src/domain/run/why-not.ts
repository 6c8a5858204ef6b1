// Explains to agents why there is nothing to claim, or why one node cannot be claimed. Used by claim.ts.

import type { Failure } from '../../failure/failure.ts';
import type { PreparedGraph } from '../../graph/prepare.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { type Readiness, readinessAt } from '../../graph/ready/readiness.ts';
import { type Ready, readyNodes } from '../../graph/ready/ready.ts';
import { type NodeStatus, satisfies } from '../../graph/ready/run-node.ts';
import { limitsOf, type RunDocument, standingInWords } from './document.ts';
import { type ClaimAnswer, type ClaimInput, ineligibleReason } from './fit.ts';
import type { RunScope } from './scope.ts';

type NoneAnswer = Extract<ClaimAnswer, { kind: 'none' }>;

/** Why nothing can be claimed. `unsuitable`: why this agent may not claim the ready nodes. */
export function noneFor({ run, graph }: RunScope, ready?: Ready, unsuitable: readonly string[] = []): NoneAnswer {
  const { counters } = run;
  const final = countOf(counters, 'finished', 'failed', 'skipped', 'cancelled');
  const left = ready?.left ?? graph.prepared.ids.length - final;
  const waits = (status: NodeStatus, what: string): string[] => {
    const count = countOf(counters, status);
    return count > 0 ? [`${count} ${what}`] : [];
  };
  const counts = [
    ...waits('claimed', 'claimed'),
    ...waits('retrying', 'to be tried again'),
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
  if (unsuitable.length > 0) return answer('all_blocked', unsuitable.slice(0, 3).join('; '));
  if (ready.none?.why === 'all_claimed') {
    const full =
      ready.free === 0 ? `at most ${run.max_parallel} may be claimed at once` : 'the rest needs what is claimed';
    return answer('all_claimed', [...counts, full].join(', '));
  }
  return answer('all_blocked', counts.join(', '));
}

/** Why a node asked for by name cannot be claimed. `unfit`: why this agent may not claim it. */
export function unclaimable(
  scope: RunScope,
  input: ClaimInput,
  node: string,
  unfit = ineligibleReason(scope, input, node),
): Failure {
  const index = scope.graph.prepared.index.get(node);
  if (index === undefined) return { code: 'unknown-node', run: scope.id, node, near: [] };
  return { code: 'node-not-ready', node, why: whyNot(scope, index, unfit) };
}

function whyNot({ run, ctx, graph }: RunScope, index: number, unfit: string | undefined): string {
  if (run.status !== 'running' && run.status !== 'stuck') return standingInWords(run);
  const { prepared } = graph;
  const at = { now: ctx.now, lastSeen: ctx.lastSeen, onFailure: run.on_failure };
  const found = readinessAt(prepared, run.nodes, index, at);
  if (found.is !== 'ready') return wordsFor(found, run, prepared, index);
  if (unfit !== undefined) return unfit;
  const ready = readyNodes(prepared, run.nodes, ctx.now, { ...limitsOf(run), lastSeen: ctx.lastSeen });
  return ready.free === 0
    ? `at most ${run.max_parallel} may be claimed at once`
    : 'a node has failed, so nothing new starts';
}

function wordsFor(
  found: Exclude<Readiness, { is: 'ready' }>,
  run: Readonly<RunDocument>,
  { ids, needs }: PreparedGraph,
  index: number,
): string {
  const node = run.nodes[ids[index] ?? ''];
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
  }
}
