// Allows one run of a sprint at a time: two would give the same task to two agents. The sprint names its last run; a
// command that starts or revives a run reads and writes the sprint's document, so that of two processes only one wins.
// Pure.

import type { Failure } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { showId, sprintStream } from '../plan/ids.ts';
import { type SprintDocument, takesTasks } from '../plan/sprint.ts';
import { hasEnded, type RunDocument, runStream } from './document.ts';

/** The run of a sprint that has not ended; undefined if there is none. */
function liveRun(tx: Transaction, sprint: Readonly<SprintDocument> | undefined): Readonly<RunDocument> | undefined {
  const run = sprint?.run === undefined ? undefined : tx.read<RunDocument>(runStream(sprint.run));
  return run === undefined || hasEnded(run.status) ? undefined : run;
}

/** Why no run of the sprint may begin now; undefined if one may. */
export function underWay(tx: Transaction, sprint: string): Failure | undefined {
  const run = liveRun(tx, tx.read<SprintDocument>(sprintStream(sprint)));
  return (
    run && { ...goesOn(run, `A second run of ${showId(sprint)}`), how: `${joinIt(run)}, or end it: ${cancel(run)}` }
  );
}

/** Why a failed run must not go on: another run has replaced it, or its sprint has ended and its tasks have moved. */
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

/** Why the sprint cannot end now: its run would go on with tasks that have moved elsewhere. */
export function heldByRun(tx: Transaction, sprint: Readonly<SprintDocument>, what: string): Failure | undefined {
  const run = liveRun(tx, sprint);
  return run && { ...goesOn(run, what), how: `let it finish, or end it first: ${cancel(run)}` };
}

/** Notes the present run in the sprint. */
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
