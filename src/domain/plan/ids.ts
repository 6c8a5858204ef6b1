// Ids of planning objects: EPC-1, SPR-2, TSK-17, counted per project. Shown in upper case; stored in lower case, with
// the project before it unless the project is the first of its store: `tsk-17`, `prj-2/tsk-17`. A stored id is unique
// in its store; one as shown needs the project to be found. Used by all of plan/ and run/, views and tools.

import type { Transaction } from '../command.ts';
import { type ProjectDocument, projectStream } from '../project/document.ts';

export const PLAN_KINDS = ['epic', 'sprint', 'task'] as const;
export type PlanKind = (typeof PLAN_KINDS)[number];

const PREFIX: Record<PlanKind, string> = { epic: 'epc', sprint: 'spr', task: 'tsk' };

/** The most digits of an id; numbers beyond 2^53 are not exact. */
const MAX_DIGITS = 12;

interface CounterDocument {
  schema: 1;
  last: number;
  /** The project that counts by it, of a counter of the whole store; absent while all projects did. */
  project?: string;
}

/** The id in lower case without a project (`tsk-17`), or undefined for text that is no id of this kind. */
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

/** The id as people and agents see it, `TSK-17`, of a stored one. */
export function showId(id: string): string {
  return shortId(id).toUpperCase();
}

/** A stored id without its project, `tsk-17`: the id of a task's node in a run. */
export function shortId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** The number in a stored id. */
export function numberOf(id: string): number {
  return Number(shortId(id).slice(4));
}

export function planStream(kind: PlanKind, id: string): string {
  return `${kind}/${id}`;
}

export const taskStream = (id: string): string => planStream('task', id);
export const sprintStream = (id: string): string => planStream('sprint', id);
export const epicStream = (id: string): string => planStream('epic', id);

/**
 * The object of a project with this id, as shown or stored. `get` looks up a stored id: in a transaction, a view or an
 * index.
 */
export function findPlanned<T extends { project: string }>(
  get: (id: string) => T | undefined,
  kind: PlanKind,
  text: string,
  project: string,
): T | undefined {
  const own = text.toLowerCase().startsWith(`${project}/`);
  const short = parsePlanId(kind, own ? text.slice(project.length + 1) : text);
  if (short === undefined) return undefined;
  const found = get(`${project}/${short}`) ?? (own ? undefined : get(short));
  return found?.project === project ? found : undefined;
}

interface Counter {
  stream: string;
  /** The last number given out. */
  last: number;
  /** What stands before a number in stored ids. */
  prefix: string;
}

/**
 * The counter of a project's objects of a kind. The first project of a store has the plain counter and plain ids, so
 * that a store of one project is as it always was. A project that took numbers from a counter of all projects goes on
 * after its last: those before may be its own.
 */
function counterOf(tx: Transaction, kind: PlanKind, project: string): Counter {
  const own = `counter/${project}/${kind}`;
  const prefix = `${project}/${PREFIX[kind]}-`;
  const known = tx.read<CounterDocument>(own);
  if (known !== undefined) return { stream: own, last: known.last, prefix };
  const plain = `counter/${kind}`;
  const first = tx.read<CounterDocument>(plain);
  if (first === undefined || first.project === project)
    return { stream: plain, last: first?.last ?? 0, prefix: `${PREFIX[kind]}-` };
  const shared = first.project === undefined && tx.read<ProjectDocument>(projectStream(project))?.numbers !== 'own';
  return { stream: own, last: shared ? first.last : 0, prefix };
}

/**
 * The next ids of a kind in a project, as stored, in order. They are unique because counter and objects change in one
 * commit: of two processes that take the same number, one loses its commit and counts again.
 */
export function nextIds(tx: Transaction, kind: PlanKind, project: string, count: number): string[] {
  const { stream, last, prefix } = counterOf(tx, kind, project);
  const head = { type: 'counter.advanced' } as const;
  if (tx.version(stream) === 0) tx.create(stream, head, { schema: 1, last: last + count, project });
  else tx.patch(stream, head, [{ op: 'replace', path: '/last', value: last + count }]);
  return Array.from({ length: count }, (_, index) => `${prefix}${last + 1 + index}`);
}
