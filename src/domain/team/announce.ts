// Tells the people concerned that a decision is open, and how it ended: by ordinary messages, in the commit that opens
// or closes it. Called by decision-commands.ts. Pure.

import { ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { type Address, type Caller, RULES_SENDER } from './channel.ts';
import type { DecisionDocument } from './decision.ts';
import { sendMessage } from './send.ts';

/** The longest reason for an allocation that was not applied: the message must have room for the rest. */
const MAX_WHY_NOT = 300;

/** Asks the voters by message, and notes in the decision whom to tell its outcome: the voters and its owner. */
export function announceOpening(
  tx: Transaction,
  ctx: Context,
  decision: DecisionDocument,
  owner: Caller,
  to: readonly Address[],
): Result<undefined> {
  const { id, title, options, deadline } = decision;
  const inbox = inboxOf(owner, decision.project);
  decision.told = to.some(({ kind }) => kind === 'all') ? [] : [{ to: inbox }];
  if (to.length === 0) return ok(undefined);
  const text = `Decision ${id}: ${title}\nOptions: ${options.join(', ')}\nVote with decision_vote before ${deadline}.`;
  // The message lapses at the deadline: nobody can vote after it.
  const expiresMs = Date.parse(deadline) - ctx.now;
  const sent = sendMessage(tx, ctx, { from: owner, to, text, kind: 'decision', priority: 2, expiresMs });
  if (!sent.ok) return sent;
  decision.thread = sent.value.message;
  for (const [at, address] of to.entries()) {
    const thread = sent.value.messages[at];
    decision.told.push(thread === undefined ? { to: address } : { to: address, thread });
  }
  return ok(undefined);
}

/** Tells the outcome to the voters and the owner, but not to `knows`, who gets it as an answer. */
export function announceOutcome(
  tx: Transaction,
  ctx: Context,
  decision: Readonly<DecisionDocument>,
  knows: Caller | undefined,
): void {
  const text = outcomeText(decision);
  const from = { session: RULES_SENDER };
  for (const { to, thread = decision.thread } of decision.told ?? []) {
    if (knows !== undefined && isInboxOf(to, knows)) continue;
    const sent = sendMessage(tx, ctx, { from, to: [to], text, kind: 'decision', priority: 2, thread });
    if (!sent.ok) throw new Error(`the outcome of ${decision.id} cannot be told: ${sent.failure.code}`);
  }
}

function outcomeText({ id, title, status, outcome, why = '', not_applied: notApplied }: Readonly<DecisionDocument>) {
  const ended = outcome === undefined ? status : `${status}: ${outcome}`;
  const lines = [`Decision ${id}: ${title}`, `It is ${ended} (${why}).`];
  if (notApplied !== undefined) lines.push(`Its allocation was not applied: ${notApplied.slice(0, MAX_WHY_NOT)}`);
  return [...lines, `decision_vote {decision: "${id}"} shows the tally and who dissented.`].join('\n');
}

function inboxOf({ session, agent }: Caller, project: string): Address {
  return agent === undefined ? { kind: 'session', project, name: session } : { kind: 'agent', project, name: agent };
}

function isInboxOf(address: Address, caller: Caller): boolean {
  const own = inboxOf(caller, address.project);
  return address.kind === own.kind && address.kind !== 'all' && own.kind !== 'all' && address.name === own.name;
}
