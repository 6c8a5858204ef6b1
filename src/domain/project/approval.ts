// Approvals: decisions that let a call through which a policy with `ask` has stopped. Pure; team/decision-commands.ts
// checks a new one, tools/around/policies.ts looks for one that passed.

import { isBeyond } from '../../base/lease.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import type { DecisionDocument } from '../team/decision.ts';
import { type ProjectDocument, projectStream } from './document.ts';
import type { Policy } from './policy.ts';

/** The option that lets the call through. */
export const ALLOW = 'allow';

/** How long after it passed an approval lets calls of its session through. */
export const APPROVED_MS = 3_600_000;

/** `given`: the call is let through. Otherwise why not, in words for the caller. */
export type ApprovalStanding = 'given' | { why: string };

/** The policies of a project; empty if it has none. */
export function policiesOf(project: Readonly<Pick<ProjectDocument, 'config'>> | undefined): readonly Policy[] {
  const policies = project?.config?.policies;
  return Array.isArray(policies) ? (policies as unknown as Policy[]) : [];
}

/**
 * Whether a decision may be opened as an approval: its policy asks, and one of its options lets the call through. Fails
 * with `invalid-input`.
 */
export function checkApproval(
  tx: Transaction,
  project: string,
  { policy, options }: { policy?: string | undefined; options: readonly string[] },
): Result<void> {
  const refuse = (at: string, why: string) => fail({ code: 'invalid-input', issues: [{ at, why }] });
  if (policy === undefined) return refuse('policy', 'required with kind approval');
  const asking = policiesOf(tx.read<ProjectDocument>(projectStream(project))).filter((one) => one.decision === 'ask');
  if (!asking.some(({ name }) => name === policy)) {
    const names = asking.flatMap(({ name }) => name ?? []);
    return refuse('policy', `is no policy that asks${names.length === 0 ? '' : `: those are ${names.join(', ')}`}`);
  }
  if (!options.includes(ALLOW)) return refuse('options', `one of them must be "${ALLOW}"`);
  return ok(undefined);
}

/**
 * How an approval stands for a session; undefined if the decision is none for this session and policy. The asking
 * session cannot approve alone: a vote for it must come from another session or from the command line.
 */
export function standingOf(
  decision: Readonly<DecisionDocument>,
  asks: { policy: string; session: string; now: number },
): ApprovalStanding | undefined {
  const { id, kind, policy, owner, status, outcome, closed_at, votes } = decision;
  if (kind !== 'approval' || policy !== asks.policy || sessionOf(owner) !== asks.session) return undefined;
  if (status === 'open') return { why: `decision ${id} on it is open` };
  if (status === 'rejected' || outcome !== ALLOW) return { why: `decision ${id} did not allow it` };
  const others = Object.values(votes).some(
    (vote) => vote.option === ALLOW && (vote.via === 'cli' || sessionOf(vote.by) !== asks.session),
  );
  if (!others) return { why: `decision ${id} allowed it by the votes of its own session alone` };
  const at = Date.parse(closed_at ?? '');
  if (at + APPROVED_MS <= asks.now || isBeyond(at, APPROVED_MS, asks.now))
    return { why: `what decision ${id} allowed is over` };
  return 'given';
}

/** The session in `session` or `session/agent`. */
function sessionOf(name: string): string {
  return name.split('/', 1)[0] ?? name;
}
