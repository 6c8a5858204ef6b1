// epic_save: makes or changes one epic.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { EPIC_STATUSES } from '../domain/plan/epic.ts';
import { type SaveEpicAnswer, saveEpic } from '../domain/plan/save-epic.ts';
import { ok } from '../failure/failure.ts';
import { type Call, defineTool } from './define.ts';
import { withSeq } from './shared/change.ts';
import {
  changePlan,
  leftNote,
  planIdInput,
  priorityInput,
  savedOutput,
  saveInput,
  savePartsOf,
  textInput,
  titleInput,
  whoInput,
} from './shared/plan-inputs.ts';
import { planNote } from './shared/plan-notes.ts';

export const epicSave = defineTool({
  name: 'epic_save',
  title: 'Save an epic',
  toolset: 'plan',
  description:
    'Use to add an epic (a goal that takes many tasks) or change one. It can be completed while tasks are open: ' +
    'they never block it. Archiving it archives its tasks, and says so first. ' +
    'Answers {id, created, version, changed, unblocked?, seq}.',
  searchHint: 'epic goal feature milestone add update complete archive',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'nothing' },
  positional: ['id'],
  input: z.strictObject({
    id: planIdInput.optional().describe('EPC-1; absent: a new epic'),
    title: titleInput.optional(),
    description: textInput.optional(),
    status: z.enum(EPIC_STATUSES).optional(),
    priority: priorityInput,
    owner: whoInput.optional().describe('"" clears'),
    ...saveInput,
  }),
  output: z.object({ ...savedOutput, unblocked: z.array(z.string()).optional() }),
  async run(input, call: Call<Services>) {
    const { fields, ...save } = savePartsOf(input);
    const changed = await changePlan<SaveEpicAnswer>(
      call,
      'epic_save',
      input,
      (project) => (tx, ctx) => saveEpic(tx, ctx, { ...save, project, fields }),
    );
    if (!changed.ok) return changed;
    const { value } = changed.value;
    const restored = fields.archived === false ? { epic: value.id } : {};
    const note = await planNote(call.services, { ids: value.unblocked, ...restored });
    const answer = withSeq(changed.value, { ...value, ...note });
    if (!answer.ok || (fields.status !== 'completed' && fields.status !== 'cancelled')) return answer;
    const { documents, plans, workspace } = call.services;
    const saved = answer.value.id;
    const left = await documents.read((view) => {
      const { epics, tasks } = plans.at(view);
      return tasks.set(epics.named('epic', saved, workspace.project)?.id ?? '', 'open').size;
    });
    return ok({ ...answer.value, ...leftNote(left, saved) });
  },
});
