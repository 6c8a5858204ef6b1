// task_save: makes or changes one task.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { MAX_NEEDS, MAX_REASON_CHARS } from '../config/limits.ts';
import type { SaveTaskAnswer } from '../domain/plan/save-task.ts';
import { TASK_STATUSES } from '../domain/plan/task.ts';
import { saveTaskByHand } from '../domain/run/sprint-by-hand.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq } from './shared/change.ts';
import {
  changePlan,
  labelsInput,
  planIdInput,
  pointsInput,
  priorityInput,
  savedOutput,
  saveInput,
  savePartsOf,
  textInput,
  titleInput,
  whoInput,
} from './shared/plan-inputs.ts';
import { urgencyOf } from './shared/urgency.ts';

export const taskSave = defineTool({
  name: 'task_save',
  title: 'Save a task',
  toolset: 'plan',
  description:
    'Use to add a task (without id) or change one; finishing one answers the tasks that became ready. It starts ' +
    'when all it needs is done, cancelled or archived; parents never block. "" clears sprint, epic, parent or ' +
    'assignee. Answers {id, created, version, changed, unblocked, seq}.',
  searchHint: 'task todo add update status done blocked assign depend',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'nothing' },
  positional: ['id'],
  input: z.strictObject({
    id: planIdInput.optional().describe('TSK-17; absent: a new task'),
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
    unblocked: z.array(z.string()).describe('Tasks that became ready by this'),
  }),
  async run(input, call: Call<Services>) {
    const urgent = input.id === undefined && input.priority === undefined ? urgencyOf(call) : undefined;
    const save = savePartsOf(urgent === undefined ? input : { ...input, priority: urgent });
    const changed = await changePlan<SaveTaskAnswer>(
      call,
      'task_save',
      input,
      (project) => (tx, ctx) => saveTaskByHand(tx, ctx, { ...save, project }),
    );
    return changed.ok ? withSeq(changed.value) : changed;
  },
});
