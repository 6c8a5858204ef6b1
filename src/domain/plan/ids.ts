// Ids of planning objects: EPC-1, SPR-2, TSK-17. Shown in upper case, stored and named as streams in lower case; either
// is accepted. Every file of this folder, the views and the tools use these.

import type { Transaction } from '../command.ts';

export const PLAN_KINDS = ['epic', 'sprint', 'task'] as const;
export type PlanKind = (typeof PLAN_KINDS)[number];

const PREFIX: Record<PlanKind, string> = { epic: 'epc', sprint: 'spr', task: 'tsk' };

/** How many digits an id may have: beyond it a number is no longer exact. */
const MAX_DIGITS = 12;

interface CounterDocument {
  schema: 1;
  last: number;
}

/** The id as it is stored (`tsk-17`), or undefined for text that is no id of this kind. */
export function parsePlanId(kind: PlanKind, text: string): string | undefined {
  const [, prefix, number] = /^([a-z]{3})-([1-9]\d*)$/.exec(text.toLowerCase()) ?? [];
  return prefix === PREFIX[kind] && number !== undefined && number.length <= MAX_DIGITS
    ? `${prefix}-${number}`
    : undefined;
}

/** Which kind an id is of; undefined for text that is no id. */
export function kindOfPlanId(text: string): PlanKind | undefined {
  return PLAN_KINDS.find((kind) => parsePlanId(kind, text) !== undefined);
}

/** The id as people and agents see it: `TSK-17`. */
export function showId(id: string): string {
  return id.toUpperCase();
}

/** The number in a stored id. */
export function numberOf(id: string): number {
  return Number(id.slice(4));
}

export function planStream(kind: PlanKind, id: string): string {
  return `${kind}/${id}`;
}

export const taskStream = (id: string): string => planStream('task', id);
export const sprintStream = (id: string): string => planStream('sprint', id);
export const epicStream = (id: string): string => planStream('epic', id);

/**
 * One counter per kind and store, not per project: streams are named store-wide, so two projects that each counted from
 * 1 would both make `task/tsk-1`; and an id in a message or a branch name means one thing, whoever reads it.
 */
function counterStream(kind: PlanKind): string {
  return `counter/${kind}`;
}

/**
 * The next ids of a kind, in order. Unique under concurrency because counter and objects change in one commit: of two
 * processes that took the same number, one has lost and counts again.
 */
export function nextIds(tx: Transaction, kind: PlanKind, count: number): string[] {
  const stream = counterStream(kind);
  const last = tx.read<CounterDocument>(stream)?.last;
  const from = (last ?? 0) + 1;
  const happening = { type: 'counter.advanced' };
  if (last === undefined) tx.create(stream, happening, { schema: 1, last: count });
  else tx.patch(stream, happening, [{ op: 'replace', path: '/last', value: last + count }]);
  return Array.from({ length: count }, (_, index) => `${PREFIX[kind]}-${from + index}`);
}
