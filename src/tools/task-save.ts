// task_save: makes or changes one task.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { MAX_NEEDS, MAX_REASON_CHARS } from '../config/limits.ts';
import { MAX_PLANNED } from '../domain/plan/save-plan.ts';
import type { SaveTaskAnswer } from '../domain/plan/save-task.ts';
import { type SaveTasksAnswer, saveTasks } from '../domain/plan/save-tasks.ts';
import { TASK_STATUSES } from '../domain/plan/task.ts';
import { saveTaskByHand } from '../domain/run/sprint-by-hand.ts';
import { fail, type Result } from '../failure/failure.ts';
import { type Call, defineTool } from './define.ts';
import { type ChangeInput, withSeq } from './shared/change.ts';
import { removedOutput } from './shared/inputs.ts';
import {
  changePlan,
  labelsInput,
  planIdInput,
  pointsInput,
  priorityInput,
  type SaveArguments,
  savedOutput,
  saveInput,
  savePartsOf,
  textInput,
  titleInput,
  whoInput,
} from './shared/plan-inputs.ts';
import { planNote } from './shared/plan-notes.ts';
import { urgencyOf } from './shared/urgency.ts';

export const taskSave = defineTool({
  name: 'task_save',
  title: 'Save a task',
  toolset: 'plan',
  description:
    'Use to add a task (without id), change one, or several alike (ids). A task starts when all it needs is done, ' +
    'cancelled or archived; parents never block. "" clears sprint, epic, parent or assignee. ' +
    'Answers {id, created, version, changed, removed?, unblocked, seq} or {saved, unblocked, seq}.',
  searchHint: 'task todo add update status done blocked assign depend',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'nothing' },
  positional: ['id'],
  input: z.strictObject({
    id: planIdInput.optional().describe('TSK-17; absent: a new task'),
    ids: z.array(planIdInput).min(1).max(MAX_PLANNED).optional().describe('All or none'),
    title: titleInput.optional(),
    description: textInput.optional(),
    status: z.enum(TASK_STATUSES).optional(),
    sprint: planIdInput.optional().describe('SPR-2, or backlog'),
    epic: planIdInput.optional(),
    parent: planIdInput.optional(),
    assignee: whoInput.optional(),
    priority: priorityInput,
    points: pointsInput.optional(),
    needs: z.array(planIdInput).max(MAX_NEEDS).optional().describe('Replaces the list'),
    blocked_reason: z.string().trim().max(MAX_REASON_CHARS).optional(),
    labels: labelsInput.optional(),
    discovered_from: planIdInput.optional(),
    ...saveInput,
  }),
  output: z.object({
    ...savedOutput,
    id: z.string().optional(),
    created: z.boolean().optional(),
    version: z.number().int().optional(),
    changed: z.array(z.string()).optional(),
    removed: removedOutput,
    saved: z
      .array(
        z.object({
          id: z.string(),
          version: z.number().int(),
          changed: z.array(z.string()),
          removed: removedOutput,
        }),
      )
      .optional(),
    unblocked: z.array(z.string()).describe('Ready by this'),
  }),
  async run({ ids, ...input }, call: Call<Services>) {
    if (ids !== undefined) return await saveSeveral(ids, input, call);
    const urgent = input.id === undefined && input.priority === undefined ? urgencyOf(call) : undefined;
    const save = savePartsOf(urgent === undefined ? input : { ...input, priority: urgent });
    const changed = await changePlan<SaveTaskAnswer>(
      call,
      'task_save',
      input,
      (project) => (tx, ctx) => saveTaskByHand(tx, ctx, { ...save, project }),
    );
    if (!changed.ok) return changed;
    const { value } = changed.value;
    return withSeq(changed.value, {
      ...value,
      ...(await planNote(call.services, { ids: [value.id, ...value.unblocked] })),
    });
  },
});

/** The arguments that belong to one task: with `ids` they would say the same of all. */
const OF_ONE = ['id', 'title', 'description', 'if_version', 'discovered_from'] as const;

async function saveSeveral(ids: readonly string[], input: SaveArguments & object, call: Call<Services>) {
  const alone = OF_ONE.filter((key) => (input as Record<string, unknown>)[key] !== undefined);
  if (alone.length > 0) {
    const why = 'only for one task; plan_save {tasks: [{id, …}]} changes several differently';
    return fail({ code: 'invalid-input', issues: alone.map((at) => ({ at, why })) }) satisfies Result<never>;
  }
  const { fields, force } = savePartsOf(input);
  const changes = [...new Set(ids)].map((id) => ({ id, fields }));
  const changed = await changePlan<SaveTasksAnswer>(
    call,
    'task_save',
    { ...input, ids } as ChangeInput,
    (project) => (tx, ctx) => saveTasks(tx, ctx, { project, changes, force, save: saveTaskByHand }),
  );
  if (!changed.ok) return changed;
  const { value } = changed.value;
  const touched = [...value.saved.map(({ id }) => id), ...value.unblocked];
  return withSeq(changed.value, { ...value, ...(await planNote(call.services, { ids: touched })) });
}
