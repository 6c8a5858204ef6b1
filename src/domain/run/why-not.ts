// Why there is nothing to claim, or why one node cannot be claimed, in words for agents. Used by claim.ts.

import type { Failure } from '../../failure/failure.ts';
import { type Ready, readyNodes } from '../../graph/ready/ready.ts';
import { leaseEnd, satisfies } from '../../graph/ready/run-node.ts';
import type { Context } from '../command.ts';
import type { RunDocument, RunGraph } from './document.ts';
import { type ClaimAnswer, type ClaimInput, ineligibleReason } from './fit.ts';
import { limitsOf } from './start.ts';

type NoneAnswer = Extract<ClaimAnswer, { kind: 'none' }>;

/** Why nothing can be claimed. `unsuitable`: what keeps this agent from the nodes that are ready. */
export function noneFor(
  run: Readonly<RunDocument>,
  graph: RunGraph,
  ready?: Ready,
  unsuitable: readonly string[] = [],
): NoneAnswer {
  const { counters } = run;
  const final = counters.finished + counters.failed + counters.skipped + counters.cancelled;
  const left = ready?.left ?? graph.prepared.ids.length - final;
  const waits = (count: number, what: string): string[] => (count > 0 ? [`${count} ${what}`] : []);
  const counts = [
    ...waits(counters.claimed, 'claimed'),
    ...waits(counters.retrying, 'to be tried again'),
    ...waits(counters.needs_decision, 'waiting for a decision (run_control)'),
    ...waits(counters.failed, 'failed'),
  ];
  const until = ready?.none?.until;
  const answer = (none: NoneAnswer['none'], why: string): NoneAnswer => ({
    kind: 'none',
    none,
    why,
    left,
    ...(until === undefined ? {} : { until }),
  });
  if (run.status === 'paused') return answer('paused', 'the run is paused; run_control {action: "resume"} goes on');
  if (ready === undefined || ready.none?.why === 'finished') return answer('finished', `the run is ${run.status}`);
  if (unsuitable.length > 0) return answer('all_blocked', unsuitable.slice(0, 3).join('; '));
  if (ready.none?.why === 'all_claimed') {
    const full =
      ready.free === 0 ? `at most ${run.max_parallel} may be claimed at once` : 'the rest needs what is claimed';
    return answer('all_claimed', [...counts, full].join(', '));
  }
  return answer('all_blocked', counts.join(', '));
}

/** Why a node that was asked for by name cannot be claimed. `unfit`: what keeps this agent from it. */
export function unclaimable(
  run: Readonly<RunDocument>,
  ctx: Context,
  input: ClaimInput,
  unfit = ineligibleReason(run, input, input.node ?? ''),
): Failure {
  const { prepared } = input.graph;
  const node = input.node ?? '';
  const index = prepared.index.get(node);
  if (index === undefined) return { code: 'unknown-node', run: run.id, node, near: [] };
  return { code: 'node-not-ready', node, why: whyNot(run, ctx, input, { id: node, index, unfit }) };
}

function whyNot(
  run: Readonly<RunDocument>,
  ctx: Context,
  input: ClaimInput,
  { id, index, unfit }: { id: string; index: number; unfit: string | undefined },
): string {
  if (run.status !== 'running' && run.status !== 'stuck') return `the run is ${run.status}`;
  const { prepared } = input.graph;
  const node = run.nodes[id];
  if (node === undefined) {
    const { start, to } = prepared.needs;
    const needs = Array.from(to.subarray(start[index], start[index + 1]), (need) => prepared.ids[need] ?? '');
    const open = needs.filter((need) => !satisfies(run.nodes[need]?.status));
    if (open.length > 0) return `it needs ${open.slice(0, 5).join(', ')}, not finished yet`;
  } else if (node.status === 'claimed') {
    const end = leaseEnd(node, node.lease_ms ?? 0, ctx.lastSeen);
    if (end > ctx.now) return `it is claimed by ${node.agent_name ?? 'another'} until ${new Date(end).toISOString()}`;
  } else if (node.status === 'retrying') {
    if ((node.not_before ?? 0) > ctx.now) return `it is tried again at ${new Date(node.not_before ?? 0).toISOString()}`;
  } else return `it is ${node.status}`;
  if (unfit !== undefined) return unfit;
  const ready = readyNodes(prepared, run.nodes, ctx.now, { ...limitsOf(run), lastSeen: ctx.lastSeen });
  return ready.free === 0
    ? `at most ${run.max_parallel} may be claimed at once`
    : 'a node has failed, so nothing new starts';
}
