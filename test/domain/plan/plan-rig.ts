// Plans on the memory backend: short names for the commands and for reading the documents.

import type { Documents } from '../../../src/documents/documents.ts';
import type { Decide } from '../../../src/domain/command.ts';
import type { EpicDocument } from '../../../src/domain/plan/epic.ts';
import { type EpicFields, type SaveEpicAnswer, saveEpic } from '../../../src/domain/plan/save-epic.ts';
import { type SavePlanAnswer, type SavePlanInput, savePlan } from '../../../src/domain/plan/save-plan.ts';
import { type SaveSprintInput, type SprintFields, saveSprint } from '../../../src/domain/plan/save-sprint.ts';
import {
  type SaveTaskAnswer,
  type SaveTaskInput,
  saveTask,
  type TaskFields,
} from '../../../src/domain/plan/save-task.ts';
import type { SprintDocument } from '../../../src/domain/plan/sprint.ts';
import type { TaskDocument } from '../../../src/domain/plan/task.ts';
import { heldByRun } from '../../../src/domain/run/sprint-run.ts';
import type { Failure } from '../../../src/failure/failure.ts';
import { Rig, workspace } from '../../rig.ts';

export const PROJECT = workspace.project;

export class PlanRig extends Rig {
  async task(fields: TaskFields, at?: Documents): Promise<string> {
    return (await this.saveTask({ fields: { title: 'a task', ...fields } }, at)).id;
  }

  async tasks(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) ids.push(await this.task({ title: `task ${index}` }));
    return ids;
  }

  async saveTask(input: Omit<SaveTaskInput, 'project'>, at?: Documents): Promise<SaveTaskAnswer> {
    const command: Decide<SaveTaskAnswer> = (tx, ctx) => saveTask(tx, ctx, { project: PROJECT, ...input });
    return (await this.do(command, at === undefined ? {} : { at })).value;
  }

  set(id: string, fields: TaskFields): Promise<SaveTaskAnswer> {
    return this.saveTask({ id, fields });
  }

  refuseTask(input: Omit<SaveTaskInput, 'project'>): Promise<Failure> {
    return this.refused((tx, ctx) => saveTask(tx, ctx, { project: PROJECT, ...input }));
  }

  async epic(fields: EpicFields = {}): Promise<string> {
    return (
      await this.do((tx, ctx) => saveEpic(tx, ctx, { project: PROJECT, fields: { title: 'an epic', ...fields } }))
    ).value.id;
  }

  async setEpic(id: string, fields: EpicFields, force?: boolean): Promise<SaveEpicAnswer> {
    return (await this.do((tx, ctx) => saveEpic(tx, ctx, { project: PROJECT, id, fields, force }))).value;
  }

  async sprint(fields: SprintFields = {}): Promise<string> {
    return (
      await this.do((tx, ctx) =>
        saveSprint(tx, ctx, { heldBy: heldByRun, project: PROJECT, fields: { title: 'a sprint', ...fields } }),
      )
    ).value.id;
  }

  async setSprint(id: string, fields: SprintFields, more: Partial<SaveSprintInput> = {}) {
    return (
      await this.do((tx, ctx) => saveSprint(tx, ctx, { heldBy: heldByRun, project: PROJECT, id, fields, ...more }))
    ).value;
  }

  refuseSprint(id: string, fields: SprintFields, more: Partial<SaveSprintInput> = {}): Promise<Failure> {
    return this.refused((tx, ctx) => saveSprint(tx, ctx, { heldBy: heldByRun, project: PROJECT, id, fields, ...more }));
  }

  async plan(input: Omit<SavePlanInput, 'project'>): Promise<SavePlanAnswer> {
    return (await this.do((tx, ctx) => savePlan(tx, ctx, { project: PROJECT, ...input }))).value;
  }

  async taskDoc(id: string): Promise<TaskDocument> {
    return required(await this.doc<TaskDocument>(`task/${id.toLowerCase()}`));
  }

  async sprintDoc(id: string): Promise<SprintDocument> {
    return required(await this.doc<SprintDocument>(`sprint/${id.toLowerCase()}`));
  }

  async epicDoc(id: string): Promise<EpicDocument> {
    return required(await this.doc<EpicDocument>(`epic/${id.toLowerCase()}`));
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such document');
  return value;
}
