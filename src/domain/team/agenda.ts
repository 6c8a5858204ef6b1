// The agenda of a project: its open decisions with their deadlines. Finding those that are due reads this one document,
// however many decisions were ever made. Opening and closing a decision change it in the same commit. Pure.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';

export interface AgendaDocument {
  schema: 1;
  /** Deadlines (ISO 8601) by decision. */
  open: Record<string, string>;
}

/** The most open decisions; one that nobody votes on is closed at its deadline. */
const MAX_OPEN = 500;

export function agendaStream(project: string): string {
  return `agenda/${project}`;
}

/** Puts a decision on the agenda. Fails with `too-large`. */
export function schedule(tx: Transaction, project: string, decision: string, deadline: string): Result<undefined> {
  const stream = agendaStream(project);
  const agenda = tx.read<AgendaDocument>(stream);
  const head = { type: 'agenda.grew', data: { decision } };
  if (agenda === undefined) {
    tx.create(stream, head, { schema: 1, open: { [decision]: deadline } } satisfies AgendaDocument);
    return ok(undefined);
  }
  if (Object.keys(agenda.open).length >= MAX_OPEN) {
    const instead = 'have some decided first: decision_vote lists them';
    return fail({ code: 'too-large', what: 'the agenda, in open decisions', limit: MAX_OPEN, instead });
  }
  tx.patch(stream, head, [{ op: 'add', path: `/open/${decision}`, value: deadline }]);
  return ok(undefined);
}

/** Takes a decision off the agenda, if it is on it. */
export function unschedule(tx: Transaction, project: string, decision: string): void {
  const stream = agendaStream(project);
  if (tx.read<AgendaDocument>(stream)?.open[decision] === undefined) return;
  tx.patch(stream, { type: 'agenda.shrank', data: { decision } }, [{ op: 'remove', path: `/open/${decision}` }]);
}

/**
 * The decisions that are due, the earliest first; and the next deadline in ms since the epoch, infinite if there is
 * none.
 */
export function dueOn(agenda: Readonly<AgendaDocument> | undefined, now: number): { due: string[]; next: number } {
  const open = Object.entries(agenda?.open ?? {}).map(([decision, at]) => ({ decision, at: Date.parse(at) }));
  open.sort((a, b) => a.at - b.at);
  const due = open.filter(({ at }) => at <= now).map(({ decision }) => decision);
  return { due, next: open[due.length]?.at ?? Number.POSITIVE_INFINITY };
}
