// sprint_board: shows the shared board of a sprint.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import type { View } from '../documents/documents.ts';
import { findPlanned, sprintStream } from '../domain/plan/ids.ts';
import type { SprintDocument } from '../domain/plan/sprint.ts';
import { TASK_STATUSES } from '../domain/plan/task.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { boardOf } from '../views/plan/board.ts';
import { currentSprint } from '../views/plan/current-sprint.ts';
import { epicNamed } from '../views/plan/find-epic.ts';
import { DETAILS } from '../views/plan/show.ts';
import { type Call, defineTool } from './define.ts';
import { limitInput, seqOutput } from './shared/inputs.ts';
import { epicInput, planIdInput, whoInput, withNearItems } from './shared/plan-inputs.ts';

const objects = z.array(z.record(z.string(), z.unknown()));

export const sprintBoard = defineTool({
  name: 'sprint_board',
  title: 'Show the sprint board',
  toolset: 'plan',
  alwaysLoad: true,
  description:
    'Use to see where the work stands: the columns of a sprint, what is blocked, why and how much it holds up, ' +
    'progress, velocity, its run, and what to take up next. Default: the sprint this session joined, else the one ' +
    'begun last. ' +
    'Answers {sprint, columns: [{status, count, points, cards}], blockers, suggest, cut?, note?, seq}.',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'limit, column or detail' },
  positional: ['sprint'],
  input: z.strictObject({
    sprint: planIdInput.optional().describe('SPR-2'),
    assignee: whoInput.optional(),
    epic: epicInput,
    column: z.enum(TASK_STATUSES).optional(),
    limit: limitInput(10, 50).describe('Cards per column at most'),
    detail: z.enum(DETAILS).default('brief'),
  }),
  output: z.object({
    sprint: z.record(z.string(), z.unknown()),
    columns: z.array(z.object({ status: z.string(), count: z.number().int(), points: z.number(), cards: objects })),
    blockers: objects,
    suggest: objects,
    cut: z.string().optional(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { documents, plans } = call.services;
    const { assignee, column, limit, detail } = input;
    const { project } = call.services.workspace;
    const board = await documents.read((view) => {
      const sprint = findSprint(view, call.services, input.sprint);
      if (!sprint.ok) return sprint;
      const plan = plans.at(view);
      const of = input.epic === undefined ? ok(undefined) : epicNamed(plan, input.epic, project);
      if (!of.ok) return of;
      const query = { sprint: sprint.value, epic: of.value?.id, assignee, column, limit, detail, now: Date.now() };
      return ok({ ...boardOf(plan, view, query), seq: view.seq });
    });
    return await withNearItems(board, call.services);
  },
});

function findSprint(view: View, services: Services, named: string | undefined): Result<Readonly<SprintDocument>> {
  const { plans, sessions, workspace } = services;
  if (named !== undefined) {
    const get = (id: string) => view.get<SprintDocument>(sprintStream(id));
    const found = findPlanned(get, 'sprint', named, workspace.project);
    return found === undefined ? fail({ code: 'unknown-item', kind: 'sprint', id: named, near: [] }) : ok(found);
  }
  const asked = { project: workspace.project, session: sessions.find(view) };
  const current = currentSprint(plans.at(view), view, asked);
  if (current !== undefined) return ok(current);
  const call =
    'sprint_save {title: …, status: "active"} to begin one, or plan_save {sprint: {title: …}, tasks: […]} to ' +
    'plan one with new tasks';
  return fail({ code: 'not-found', what: 'sprint', name: 'active', near: [], call });
}
