// Times that a run waits for: the end of a wait, the deadline of a question, the pause before an iteration of what
// nobody claims, and timeouts. Commands on the run look first what has come; the runner of any server does where nobody
// calls.

import { ok, type Result } from '../../failure/failure.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import type { Context, Transaction } from '../command.ts';
import { hasEnded, isUnderWay } from './document.ts';
import { liveNodes } from './live.ts';
import { waitingSince } from './ready-in.ts';
import { openScope, type RunScope } from './scope.ts';
import { updateStatus } from './status.ts';
import { expireClaims, expireRunTime, expireWaits } from './timeouts.ts';
import type { RunTree } from './tree.ts';

/** When the next of these times comes, in ms since the epoch; undefined if there is none. */
export function nextTime(tree: RunTree): number | undefined {
  const { run } = tree;
  let next = run.overdue === true ? Number.POSITIVE_INFINITY : (run.deadline ?? Number.POSITIVE_INFINITY);
  const note = (at: number | undefined): void => {
    if (at !== undefined && at < next) next = at;
  };
  for (const [, { run_until, total_until }] of liveNodes(run)) {
    note(run_until);
    note(total_until);
  }
  // Nodes that are claimed have the pause of their retry looked at by whoever claims.
  const mayBegin = run.scopes !== undefined && countOf(run.counters, 'retrying') > 0;
  if (countOf(run.counters, 'awaiting') > 0 || mayBegin)
    for (const { status, until, not_before } of Object.values(run.nodes)) {
      if (status === 'awaiting') note(until);
      else if (status === 'retrying') note(not_before);
    }
  for (const { fails } of waitingSince(tree)) note(fails);
  return Number.isFinite(next) ? next : undefined;
}

/** Lets everything happen whose time has come. */
export function expireDue(scope: RunScope): void {
  const { run, ctx } = scope;
  if (!isUnderWay(run.status)) return;
  const next = nextTime(scope.tree());
  if (next === undefined || next > ctx.now) return;
  expireRunTime(scope);
  expireClaims(scope);
  expireWaits(scope);
  updateStatus(scope);
}

/** As `expireDue`, as a command of its own. True if the run has changed. Fails with `unknown-run`. */
export function expireRun(tx: Transaction, ctx: Context, input: { run: string }): Result<boolean> {
  const scope = openScope(tx, ctx, input.run);
  if (!scope.ok) return scope;
  if (hasEnded(scope.value.run.status)) return ok(false);
  expireDue(scope.value);
  return ok(true);
}
