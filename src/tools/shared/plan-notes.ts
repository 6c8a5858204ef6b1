// Notes of planning tools on what a save did not do: the run of a sprint does not take up tasks that came after its
// start, and an epic of which every task is finished stays open.

import type { Services } from '../../app/services.ts';
import type { View } from '../../documents/documents.ts';
import { shortId, showId, sprintStream } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import { isFinished } from '../../domain/plan/task.ts';
import { hasEnded, type RunDocument, runStream } from '../../domain/run/document.ts';
import { allDone } from '../../views/plan/epic-report.ts';
import type { PlanFacts } from '../../views/plan/plan-index.ts';
import { idList } from '../../views/plan/show.ts';
import type { TaskRow } from '../../views/plan/task-index.ts';

/** The tasks that a save touched: by their ids, or as all open ones of a sprint or epic. */
export interface Touched {
  /** As shown. */
  ids?: readonly string[];
  sprint?: string | undefined;
  epic?: string | undefined;
}

/** The notes on the tasks that were saved, as the `note` of an answer; empty if there is nothing to say. */
export async function planNote(services: Services, touched: Touched): Promise<{ note?: string }> {
  const { documents, plans, workspace } = services;
  const { project } = workspace;
  const notes = await documents.read((view) => {
    const plan = plans.at(view);
    const rows = (touched.ids ?? []).flatMap((id) => plan.tasks.named(id, project) ?? []);
    for (const kind of ['sprint', 'epic'] as const) {
      const home = touched[kind] === undefined ? undefined : plan[`${kind}s`].named(kind, touched[kind], project);
      if (home !== undefined) rows.push(...plan.tasks.set(home.id, 'open').after(0));
    }
    return [...runNotes(services, view, rows), ...epicNotes(plan, rows)];
  });
  return notes.length === 0 ? {} : { note: notes.join('; ') };
}

/** By sprint with a run that goes on: the open tasks that have no node in it. */
function runNotes({ documents }: Services, view: View, rows: readonly TaskRow[]): string[] {
  const sprints = new Set(rows.flatMap(({ sprint }) => sprint ?? []));
  return [...sprints].flatMap((sprint) => {
    const id = view.get<SprintDocument>(sprintStream(sprint))?.run;
    const run = id === undefined ? undefined : view.get<RunDocument>(runStream(id));
    const graph = run === undefined || hasEnded(run.status) ? undefined : documents.definitions.get(run.graph);
    if (run === undefined || graph === undefined) return [];
    const outside = rows.filter((row) => {
      const open = row.sprint === sprint && !row.archived && !isFinished(row);
      return open && !graph.prepared.index.has(shortId(row.id));
    });
    if (outside.length === 0) return [];
    const ids = idList([...new Set(outside.map((row) => row.id))]).join(', ');
    return [
      `${run.id} began without ${ids} and does not take it in: work on it with task_save, or when that run has ` +
        `ended, run_start {sprint: "${showId(sprint)}"}`,
    ];
  });
}

/** By open epic of a finished task: that none of its tasks is left. */
function epicNotes(plan: PlanFacts, rows: readonly TaskRow[]): string[] {
  const epics = new Set(rows.flatMap((row) => (isFinished(row) && row.epic !== undefined ? [row.epic] : [])));
  return [...epics].flatMap((id) => {
    const status = plan.epics.get(id)?.status;
    const open = status === 'planned' || status === 'active';
    return open && plan.tasks.set(id, 'open').size === 0 ? [allDone(id)] : [];
  });
}
