// One run of a sprint at a time: two would hand the same task to two agents. The sprint names its last run; whoever
// starts or revives one reads that document and writes it, so that of two processes only one can win. Pure.

import type { Failure } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { showId, sprintStream } from '../plan/ids.ts';
import { type SprintDocument, takesTasks } from '../plan/sprint.ts';
import { hasEnded, type RunDocument, runStream } from './document.ts';

/** The run of a sprint that is not over, if there is one. */
function liveRun(tx: Transaction, sprint: Readonly<SprintDocument> | undefined): Readonly<RunDocument> | undefined {
  const run = sprint?.run === undefined ? undefined : tx.read<RunDocument>(runStream(sprint.run));
  return run === undefined || hasEnded(run.status) ? undefined : run;
}

/** Why no other run of the sprint may begin now: one is under way. */
export function underWay(tx: Transaction, sprint: string): Failure | undefined {
  const run = liveRun(tx, tx.read<SprintDocument>(sprintStream(sprint)));
  return (
    run && { ...goesOn(run, `A second run of ${showId(sprint)}`), how: `${joinIt(run)}, or end it: ${cancel(run)}` }
  );
}

/**
 * Why a run that had failed must not go on: another has taken its place, or its sprint is over and its tasks elsewhere.
 */
export function overtaken(tx: Transaction, { id, sprint }: Readonly<RunDocument>): Failure | undefined {
  const document = sprint === undefined ? undefined : tx.read<SprintDocument>(sprintStream(sprint));
  if (sprint === undefined || document === undefined) return undefined;
  const what = `Going on with ${id}`;
  const other = liveRun(tx, document);
  if (other !== undefined && other.id !== id) return { ...goesOn(other, what), how: joinIt(other) };
  if (takesTasks(document)) return undefined;
  const why = `${showId(sprint)} is ${document.archived ? 'archived' : document.status}`;
  return {
    code: 'not-allowed',
    what,
    why,
    how: 'start a run of the sprint that has its tasks now: run_start {sprint}',
  };
}

/** Why the sprint cannot end: its run would go on with tasks that are elsewhere by then. */
export function heldByRun(tx: Transaction, sprint: Readonly<SprintDocument>, what: string): Failure | undefined {
  const run = liveRun(tx, sprint);
  return run && { ...goesOn(run, what), how: `let it finish, or end it first: ${cancel(run)}` };
}

/** Notes in the sprint which run it is that goes on. */
export function noteRun(tx: Transaction, sprint: string, run: string): void {
  tx.edit<SprintDocument>(sprintStream(sprint), { type: 'sprint.run_began', data: { run } }, (draft) => {
    draft.run = run;
  });
}

function goesOn({ id, status }: Readonly<RunDocument>, what: string) {
  return { code: 'not-allowed' as const, what, why: `its run ${id} is ${status}` };
}

const joinIt = ({ id }: Readonly<RunDocument>): string => `work on that one: run_claim {run: "${id}"}`;
const cancel = ({ id }: Readonly<RunDocument>): string => `run_control {run: "${id}", action: "cancel"}`;
