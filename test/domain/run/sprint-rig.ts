// Runs of sprints on the memory backend: short names for planning, starting, claiming, reporting and reading.

import type { Documents } from '../../../src/documents/documents.ts';
import type { TaskFields } from '../../../src/domain/plan/save-task.ts';
import type { TaskDocument } from '../../../src/domain/plan/task.ts';
import { type PoolDocument, poolStream } from '../../../src/domain/resource/pool.ts';
import { claimNode } from '../../../src/domain/run/claim.ts';
import { type ControlInput, controlRun } from '../../../src/domain/run/control.ts';
import type { RunDocument } from '../../../src/domain/run/document.ts';
import type { ClaimAnswer, ClaimInput } from '../../../src/domain/run/fit.ts';
import { type ReportInput, reportNode } from '../../../src/domain/run/report.ts';
import { sprintDefinition } from '../../../src/domain/run/sprint.ts';
import { saveTaskByHand } from '../../../src/domain/run/sprint-by-hand.ts';
import { type StartRunInput, startRun } from '../../../src/domain/run/start.ts';
import type { RunGraph } from '../../../src/graph/definition.ts';
import { PlanRig, PROJECT } from '../plan/plan-rig.ts';

/** A sprint and its run, on documents of its own. Tasks are named by their keys. */
export class SprintRig extends PlanRig {
  readonly graphs = this.documents.definitions;
  /** Ids by key. */
  planned: Record<string, string> = {};
  sprintId = '';
  run = '';
  graph: RunGraph | undefined;

  /** Tasks by key with what each needs: `{a: '', b: 'a'}`. */
  async given(tasks: Record<string, string>): Promise<void> {
    const list = Object.entries(tasks).map(([key, needs]) => ({
      key,
      title: `do ${key}`,
      needs: needs === '' ? [] : needs.split(' '),
    }));
    const planned = await this.plan({ sprint: { title: 'one', status: 'active' }, tasks: list });
    this.planned = planned.ids;
    this.sprintId = planned.sprint ?? '';
  }

  async define() {
    const built = await this.do((tx) => sprintDefinition(tx, PROJECT, this.sprintId));
    this.graph = this.graphs.put(built.value.graph);
    return built.value;
  }

  private startInput(more: Partial<StartRunInput>): StartRunInput {
    if (this.graph === undefined) throw new Error('nothing is defined');
    const base = { project: PROJECT, workspace: 'wsp-1', session: 'ses-one', inputs: {}, sprint: this.sprintId };
    return { ...base, graph: this.graph.hash, ...more };
  }

  async begin(more: Partial<StartRunInput> = {}) {
    const started = await this.do((tx, ctx) => startRun(tx, ctx, this.startInput(more)));
    this.run = started.value.run;
    return started.value;
  }

  async start(tasks: Record<string, string>): Promise<void> {
    await this.given(tasks);
    await this.define();
    await this.begin();
  }

  refuseStart() {
    return this.refused((tx, ctx) => startRun(tx, ctx, this.startInput({})));
  }

  tryStart(at: Documents) {
    return at.change((tx, ctx) => startRun(tx, ctx, this.startInput({})), { by: { user: 'tester', tool: 'test' } });
  }

  refuseControl(action: ControlInput['action'], node: string) {
    return this.refused((tx, ctx) => controlRun(tx, ctx, { run: this.run, action, node }));
  }

  private claimInput(agentName: string, more: Partial<ClaimInput>): ClaimInput {
    const base = {
      run: this.run,
      session: 'ses-one',
      performer: 'agent' as const,
      agent: `ses-one.${agentName}`,
      agentName,
    };
    return { ...base, ...more };
  }

  async take(agent: string, more: Partial<ClaimInput> = {}): Promise<ClaimAnswer> {
    return (await this.do((tx, ctx) => claimNode(tx, ctx, this.claimInput(agent, more)))).value;
  }

  async claim(agent: string, more: Partial<ClaimInput> = {}): Promise<string> {
    const answer = await this.take(agent, more);
    if (answer.kind !== 'claimed') throw new Error(`nothing to claim: ${answer.why}`);
    return answer.claim;
  }

  async report(claim: string, status: ReportInput['status'], more: Partial<ReportInput> = {}) {
    return (await this.do((tx, ctx) => reportNode(tx, ctx, { claim, status, ...more }))).value;
  }

  async control(action: ControlInput['action'], more: Partial<ControlInput> = {}) {
    return (await this.do((tx, ctx) => controlRun(tx, ctx, { run: this.run, action, ...more }))).value;
  }

  /** As task_save does. */
  async byHand(key: string, fields: TaskFields) {
    const input = { id: this.id(key), project: PROJECT, fields, force: true };
    return (await this.do((tx, ctx) => saveTaskByHand(tx, ctx, input))).value;
  }

  async held(): Promise<string[]> {
    return Object.keys((await this.doc<PoolDocument>(poolStream(PROJECT)))?.held ?? {});
  }

  of(key: string): Promise<TaskDocument> {
    return this.taskDoc(this.id(key));
  }

  id(key: string): string {
    return this.planned[key] ?? '';
  }

  node(key: string): string {
    return this.id(key).toLowerCase();
  }

  async document(): Promise<RunDocument> {
    const found = await this.doc<RunDocument>(`run/${this.run}`);
    if (found === undefined) throw new Error('no run');
    return found;
  }

  /** `a active/ann, b todo`: the tasks as they stand. */
  async picture(): Promise<string> {
    const parts: string[] = [];
    for (const key of Object.keys(this.planned)) {
      const { status, assignee } = await this.of(key);
      parts.push(assignee === undefined ? `${key} ${status}` : `${key} ${status}/${assignee}`);
    }
    return parts.join(', ');
  }
}
