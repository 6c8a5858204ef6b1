// plan_save: saves a whole plan in one commit, or reports every fault of it at once.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { MAX_NEEDS, MAX_REASON_CHARS } from '../config/limits.ts';
import { EPIC_STATUSES } from '../domain/plan/epic.ts';
import type { PlanKind } from '../domain/plan/ids.ts';
import { MAX_PLANNED, type SavePlanAnswer, savePlan } from '../domain/plan/save-plan.ts';
import { SPRINT_STATUSES } from '../domain/plan/sprint.ts';
import { TASK_STATUSES } from '../domain/plan/task.ts';
import { saveTaskByHand } from '../domain/run/sprint-by-hand.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq } from './shared/change.ts';
import { removedOutput, requestInput, seqOutput } from './shared/inputs.ts';
import {
  changePlan,
  dateInput,
  endInput,
  labelsInput,
  nearItems,
  planIdInput,
  pointsInput,
  priorityInput,
  textInput,
  titleInput,
  whoInput,
} from './shared/plan-inputs.ts';
import { planNote } from './shared/plan-notes.ts';
import { urgencyOf } from './shared/urgency.ts';

const keyInput = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'use 1 to 64 letters, digits, dots, dashes');

const taskInput = z.strictObject({
  key: keyInput.optional(),
  id: planIdInput.optional().describe('Instead of key: changes this task'),
  title: titleInput.optional(),
  status: z.enum(TASK_STATUSES).optional().describe('With id'),
  blocked_reason: z.string().trim().max(MAX_REASON_CHARS).optional(),
  description: textInput.optional(),
  needs: z.array(planIdInput).max(MAX_NEEDS).optional().describe('Keys of this plan, or ids'),
  parent: planIdInput.optional(),
  points: pointsInput.optional(),
  priority: priorityInput,
  assignee: whoInput.optional(),
  labels: labelsInput.optional(),
});

const input = z
  .strictObject({
    epic: z
      .strictObject({
        id: planIdInput.optional(),
        title: titleInput.optional(),
        description: textInput.optional(),
        status: z.enum(EPIC_STATUSES.slice(0, 2)).optional(),
        priority: priorityInput,
        owner: whoInput.optional(),
      })
      .optional()
      .describe('A new one, or {id} of one'),
    sprint: z
      .strictObject({
        id: planIdInput.optional(),
        title: titleInput.optional(),
        goal: z.string().max(2_000).optional(),
        status: z.enum(SPRINT_STATUSES.slice(0, 2)).optional(),
        starts_at: dateInput.optional(),
        ends_at: endInput,
        capacity: z.number().min(0).max(100_000).optional(),
      })
      .optional()
      .describe('A new one, or {id} of one'),
    tasks: z.array(taskInput).min(1).max(MAX_PLANNED),
    request_id: requestInput,
  })
  .superRefine((given, context) => {
    for (const [index, task] of given.tasks.entries()) {
      for (const [at, message] of taskFaults(task))
        context.addIssue({ code: 'custom', path: ['tasks', index, at], message });
    }
    for (const kind of ['epic', 'sprint'] as const) {
      const home = given[kind];
      if (home?.id === undefined || Object.values(home).filter((value) => value !== undefined).length === 1) continue;
      const message = `give either id alone, or the facts of a new one; ${kind}_save changes one`;
      context.addIssue({ code: 'custom', path: [kind], message });
    }
  });

/** Why an entry is neither a new task nor a change of one. */
function taskFaults({ key, id, title, status, blocked_reason }: z.output<typeof taskInput>): [string, string][] {
  if (id !== undefined) return key === undefined ? [] : [['key', 'give key for a new task, or id to change one']];
  const begins = 'only with id: a new task begins as todo';
  return [
    ...(key === undefined ? [['key', 'required for a new task; give id to change one'] as [string, string]] : []),
    ...(title === undefined ? [['title', 'required for a new task'] as [string, string]] : []),
    ...(status === undefined ? [] : [['status', begins] as [string, string]]),
    ...(blocked_reason === undefined ? [] : [['blocked_reason', begins] as [string, string]]),
  ];
}

function entryOf({ key, id, title, status, blocked_reason, ...task }: z.output<typeof taskInput>, urgent?: number) {
  if (id !== undefined) return { id, title, status, blocked_reason, ...task };
  return { ...task, key: key ?? '', title: title ?? '', priority: task.priority ?? urgent };
}

export const planSave = defineTool({
  name: 'plan_save',
  title: 'Save a whole plan',
  toolset: 'plan',
  description:
    'Use to turn a goal into work, or change several tasks: an epic, a sprint and up to 200 tasks, saved whole or ' +
    'not at all. Examples: {"key":"ui","title":"Form","needs":["api"],"points":3}, {"id":"TSK-2","status":"done"}. ' +
    'Answers {epic?, sprint?, ids: {key: id}, ready, critical_path, changed?, removed?, unblocked?, seq}.',
  searchHint: 'plan break down goal tasks dependencies epic sprint backlog',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'nothing' },
  input,
  output: z.object({
    epic: z.string().optional(),
    sprint: z.string().optional(),
    ids: z.record(z.string(), z.string()),
    ready: z.array(z.string()).describe('Tasks that can be started now'),
    critical_path: z.array(z.string()),
    changed: z.record(z.string(), z.array(z.string())).optional(),
    removed: z.record(z.string(), removedOutput.unwrap()).optional(),
    unblocked: z.array(z.string()).optional(),
    seq: seqOutput,
  }),
  async run(given, call: Call<Services>) {
    const { epic, sprint } = given;
    const urgent = urgencyOf(call);
    const tasks = given.tasks.map((task) => entryOf(task, urgent));
    const { documents, plans, workspace } = call.services;
    const near = (kind: PlanKind, id: string) =>
      documents.peek((view) => nearItems(plans.at(view), kind, id, workspace.project));
    const changed = await changePlan<SavePlanAnswer>(
      call,
      'plan_save',
      given,
      (project) => (tx, ctx) => savePlan(tx, ctx, { project, epic, sprint, tasks, near, save: saveTaskByHand }),
    );
    if (!changed.ok) return changed;
    const { value } = changed.value;
    const touched = [...Object.values(value.ids), ...Object.keys(value.changed ?? {}), ...(value.unblocked ?? [])];
    return withSeq(changed.value, { ...value, ...(await planNote(call.services, { ids: touched })) });
  },
});
