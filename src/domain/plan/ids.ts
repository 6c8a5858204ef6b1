// Ids of planning objects: EPC-1, SPR-2, TSK-17. Shown in upper case, stored in lower case; either is accepted. Used by
// all of plan/ and run/, views and tools.

import type { Transaction } from '../command.ts';

export const PLAN_KINDS = ['epic', 'sprint', 'task'] as const;
export type PlanKind = (typeof PLAN_KINDS)[number];

const PREFIX: Record<PlanKind, string> = { epic: 'epc', sprint: 'spr', task: 'tsk' };

/** The most digits of an id; numbers beyond 2^53 are not exact. */
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

/** The kind of an id; undefined for text that is no id. */
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
 * The stream of a counter: one per kind and store, not per project. Streams are named store-wide, so two projects that
 * each count from 1 would both make `task/tsk-1`; and an id in a message or a branch name has one meaning for every
 * reader.
 */
function counterStream(kind: PlanKind): string {
  return `counter/${kind}`;
}

/**
 * The next ids of a kind, in order. They are unique because counter and objects change in one commit: of two processes
 * that take the same number, one loses its commit and counts again.
 */
export function nextIds(tx: Transaction, kind: PlanKind, count: number): string[] {
  const stream = counterStream(kind);
  const last = tx.read<CounterDocument>(stream)?.last;
  const from = (last ?? 0) + 1;
  const head = { type: 'counter.advanced' };
  if (last === undefined) tx.create(stream, head, { schema: 1, last: count });
  else tx.patch(stream, head, [{ op: 'replace', path: '/last', value: last + count }]);
  return Array.from({ length: count }, (_, index) => `${PREFIX[kind]}-${from + index}`);
}
