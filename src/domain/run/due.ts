// Times that a run waits for: the end of a wait, the deadline of a question, the pause before an iteration of what
// nobody claims. Commands on the run look first what has come; the runner of any server does where nobody calls.

import { ok, type Result } from '../../failure/failure.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import type { Context, Transaction } from '../command.ts';
import { hasEnded, type RunDocument } from './document.ts';
import { openScope, type RunScope } from './scope.ts';
import { updateStatus } from './status.ts';

/** When the next of these times comes, in ms since the epoch; undefined if there is none. */
export function nextTime({ counters, nodes, scopes }: Readonly<RunDocument>): number | undefined {
  const awaits = countOf(counters, 'awaiting') > 0;
  // Nodes that are claimed have the pause of their retry looked at by whoever claims.
  const mayBegin = scopes !== undefined && countOf(counters, 'retrying') > 0;
  if (!awaits && !mayBegin) return undefined;
  let next = Number.POSITIVE_INFINITY;
  for (const { status, until, not_before } of Object.values(nodes)) {
    const at = status === 'awaiting' ? until : status === 'retrying' ? not_before : undefined;
    if (at !== undefined && at < next) next = at;
  }
  return Number.isFinite(next) ? next : undefined;
}

/** Lets everything happen whose time has come. */
export function expireDue(scope: RunScope): void {
  const { run, ctx } = scope;
  if (run.status !== 'running' && run.status !== 'stuck') return;
  const next = nextTime(run);
  if (next !== undefined && next <= ctx.now) updateStatus(scope);
}

/** As `expireDue`, as a command of its own. True if the run has changed. Fails with `unknown-run`. */
export function expireRun(tx: Transaction, ctx: Context, input: { run: string }): Result<boolean> {
  const scope = openScope(tx, ctx, input.run);
  if (!scope.ok) return scope;
  if (hasEnded(scope.value.run.status)) return ok(false);
  expireDue(scope.value);
  return ok(true);
}
