// Finds planning objects for commands: the object must exist, be of this project, and accept the intended change. Used
// by the commands of plan/ and run/.

import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { checkVersion } from '../if-version.ts';
import { type EpicDocument, takesTasks as epicTakesTasks } from './epic.ts';
import { findPlanned, type PlanKind, planStream, showId } from './ids.ts';
import { MAX_TASKS, type SprintDocument, takesTasks as sprintTakesTasks } from './sprint.ts';
import type { TaskDocument } from './task.ts';

interface Documents {
  epic: EpicDocument;
  sprint: SprintDocument;
  task: TaskDocument;
}

/** The object of the project with this id, as shown or stored. Fails with `unknown-item`. */
export function findItem<K extends PlanKind>(
  tx: Transaction,
  kind: K,
  id: string,
  project: string,
): Result<Readonly<Documents[K]>> {
  const found = findPlanned((stored) => tx.read<Documents[K]>(planStream(kind, stored)), kind, id, project);
  return found === undefined ? fail({ code: 'unknown-item', kind, id, near: [] }) : ok(found);
}

/**
 * The sprint or epic with this id, if a task may be put into it. Fails as `findItem`, with `not-allowed` for a closed
 * one and `too-large` for a full one.
 */
export function findHome<K extends 'epic' | 'sprint'>(
  tx: Transaction,
  kind: K,
  id: string,
  project: string,
): Result<Readonly<Documents[K]>> {
  const found = findItem(tx, kind, id, project);
  if (!found.ok) return found;
  const home: Readonly<EpicDocument | SprintDocument> = found.value;
  const takes = 'goal' in home ? sprintTakesTasks(home) : epicTakesTasks(home);
  if (!takes) return fail(closed(kind, home));
  if (home.tasks.length < MAX_TASKS) return found;
  return fail({
    code: 'too-large',
    what: `the ${kind} ${showId(home.id)}, in tasks`,
    limit: MAX_TASKS,
    instead: `make another ${kind} with ${kind}_save`,
  });
}

function closed(kind: 'epic' | 'sprint', home: { id: string; status: string; archived: boolean }): Failure {
  const id = showId(home.id);
  const back = home.archived ? 'archived: false' : `status: "${home.status === 'completed' ? 'active' : 'planned'}"`;
  return {
    code: 'not-allowed',
    what: `Adding a task to ${id}`,
    why: `it is ${home.archived ? 'archived' : home.status}`,
    how: `choose another ${kind}, or reopen it with ${kind}_save {id: "${id}", ${back}}`,
  };
}

/** Fails with `version-mismatch` unless the caller saw the newest version of the object, or named none. */
export function checkItemVersion(
  tx: Transaction,
  ctx: Context,
  kind: PlanKind,
  { id, status, title }: Readonly<{ id: string; status: string; title: string }>,
  expected: number | undefined,
): Result<undefined> {
  const read = `plan_list {kind: "${kind}", text: "${showId(id)}", detail: "full"}`;
  const seen = { what: showId(id), read, present: { status, title } };
  return checkVersion({ tx, ctx, stream: planStream(kind, id) }, expected, seen);
}
