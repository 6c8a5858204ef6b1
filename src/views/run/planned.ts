// Whom the nodes of a sprint's run are planned for. Used by tools/run-claim.ts.

import type { View } from '../../documents/documents.ts';
import { shortId, sprintStream, taskStream } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import type { TaskDocument } from '../../domain/plan/task.ts';
import type { RunDocument } from '../../domain/run/document.ts';
import type { NodeRecord } from '../../domain/run/record.ts';

/** By node: whom it is planned for; undefined if no node of the run is. */
export function plannedIn(
  view: View,
  run: Readonly<RunDocument> | undefined,
): ((node: string) => string | undefined) | undefined {
  const sprint = run?.sprint === undefined ? undefined : view.get<SprintDocument>(sprintStream(run.sprint));
  const planned = new Map<string, string>();
  for (const id of sprint?.tasks ?? []) {
    const record = run?.nodes[shortId(id)];
    const name = record?.status === 'claimed' ? record.planned : view.get<TaskDocument>(taskStream(id))?.assignee;
    if (name !== undefined) planned.set(shortId(id), name);
  }
  return planned.size === 0 ? undefined : (node) => planned.get(node);
}

/** The line for the holder of a node that the plan gives to another; undefined without such. */
export function plannedForAnother(
  record: Readonly<NodeRecord> | undefined,
  also: readonly string[],
): string | undefined {
  const { planned, agent_name: holder } = record ?? {};
  if (planned === undefined || [holder?.toLowerCase(), ...also].includes(planned.toLowerCase())) return undefined;
  return `planned for ${planned}, and theirs again if you release it`;
}
