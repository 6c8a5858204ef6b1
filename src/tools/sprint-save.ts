// sprint_save: makes, changes, joins or ends a sprint.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { type SaveSprintAnswer, saveSprint } from '../domain/plan/save-sprint.ts';
import { SPRINT_STATUSES } from '../domain/plan/sprint.ts';
import { heldByRun } from '../domain/run/sprint-run.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq } from './shared/change.ts';
import {
  changePlan,
  dateInput,
  endInput,
  planIdInput,
  savedOutput,
  saveInput,
  savePartsOf,
  titleInput,
} from './shared/plan-inputs.ts';
import { planNote } from './shared/plan-notes.ts';

export const sprintSave = defineTool({
  name: 'sprint_save',
  title: 'Save a sprint',
  toolset: 'plan',
  description:
    'Use to add a sprint, start it (status active), join it with this session, or end it. Ending one with ' +
    'unfinished tasks needs carry_to: the sprint that takes them, or "backlog". ' +
    'Answers {id, created, version, changed, carried, seq}.',
  searchHint: 'sprint iteration start join close carry over plan',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'nothing' },
  positional: ['id'],
  input: z.strictObject({
    id: planIdInput.optional().describe('SPR-2; absent: a new sprint'),
    title: titleInput.optional(),
    goal: z.string().max(2_000).optional(),
    status: z.enum(SPRINT_STATUSES).optional(),
    starts_at: dateInput.optional().describe('ISO date or time; "" clears'),
    ends_at: endInput,
    capacity: z.number().min(0).max(100_000).optional().describe('Points it has room for'),
    join: z.boolean().optional(),
    carry_to: planIdInput.optional(),
    ...saveInput,
  }),
  output: z.object({ ...savedOutput, carried: z.number().int().describe('Unfinished tasks moved out of it') }),
  async run(input, call: Call<Services>) {
    const { join, carry_to: carryTo, ...given } = input;
    const save = savePartsOf(given);
    const changed = await changePlan<SaveSprintAnswer>(
      call,
      'sprint_save',
      input,
      (project, session) => (tx, ctx) =>
        saveSprint(tx, ctx, { ...save, project, carryTo, join: join ? session : undefined, heldBy: heldByRun }),
    );
    if (!changed.ok) return changed;
    const { value } = changed.value;
    const note = value.carried === 0 ? {} : await planNote(call.services, { sprint: carryTo });
    return withSeq(changed.value, { ...value, ...note });
  },
});
