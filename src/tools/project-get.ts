// project_get: shows a project, by default that of this workspace, with its configuration now or at a point in the
// past.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { eventsOf, seqOf, valueAt } from '../documents/past.ts';
import { withDefaults } from '../domain/project/config.ts';
import { type ProjectDocument, projectStream } from '../domain/project/document.ts';
import { fail, ok } from '../failure/failure.ts';
import { isId } from '../store/stream.ts';
import { line } from '../views/plan/show.ts';
import { type Call, defineTool } from './define.ts';
import { pointInput, seqOutput } from './shared/inputs.ts';

export const projectGet = defineTool({
  name: 'project_get',
  title: 'Show a project',
  toolset: 'plan',
  description:
    'Use to see the project of this workspace: its settings with their defaults, teams, limits, schemas and ' +
    'policies, and how much work it has. With at, as it was. ' +
    'Answers {project, name, version, config, tasks, left, sprints, epics, seq}.',
  searchHint: 'project settings configuration team pool budget',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['project'],
  input: z.strictObject({
    project: z.string().max(64).optional().describe('From plan_list {kind: "project"}; default your own'),
    at: pointInput.optional().describe('A seq or ISO time'),
  }),
  output: z.object({
    project: z.string(),
    name: z.string(),
    version: z.number().int(),
    config: z.record(z.string(), z.unknown()),
    tasks: z.number().int().optional(),
    left: z.number().int().optional().describe('Tasks not finished'),
    sprints: z.number().int().optional(),
    epics: z.number().int().optional(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { documents, plans, workspace } = call.services;
    const project = input.project ?? workspace.project;
    const unknown = () => fail({ code: 'unknown-item', kind: 'project', id: project, near: [] });
    if (!isId(project)) return unknown();
    // The workspace's own project may have no document yet: the first session creates it, and until then it has the
    // defaults.
    const own = project === workspace.project ? { id: project, name: workspace.projectName } : undefined;
    const stream = projectStream(project);
    if (input.at !== undefined) {
      const at = await seqOf(documents.store, input.at, { signal: call.signal });
      if (!at.ok) return at;
      const events = (await eventsOf(documents.store, stream, call.signal)).filter((event) => event.seq <= at.value);
      const then = (valueAt(events, at.value) as ProjectDocument | undefined) ?? own;
      if (then === undefined) return unknown();
      return ok({ ...shown(then), version: events.length, seq: at.value });
    }
    return await documents.read((view) => {
      const found = view.get<ProjectDocument>(stream) ?? own;
      if (found === undefined) return unknown();
      const { tasks, sprints, epics } = plans.at(view);
      return ok({
        ...shown(found),
        version: view.version(stream),
        tasks: tasks.set(project, 'all').size,
        left: tasks.set(project, 'open').size,
        sprints: sprints.set(project, 'open').size,
        epics: epics.set(project, 'open').size,
        seq: view.seq,
      });
    });
  },
});

function shown({ id, name, config }: Readonly<Pick<ProjectDocument, 'id' | 'name' | 'config'>>) {
  return { project: id, name: line(name), config: { ...withDefaults(config) } };
}
