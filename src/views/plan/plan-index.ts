// The plan of every project in memory, made at first use and kept up by what commits touch, so that a list or board
// costs what it shows and not what there is. For answers only: commands read documents. One per process, in
// services.ts.

import type { Documents, View } from '../../documents/documents.ts';
import { AT_ONCE, doWork, type Work } from '../../documents/give-way.ts';
import type { EpicDocument } from '../../domain/plan/epic.ts';
import { MAX_HANDED } from '../../domain/plan/hand-tasks.ts';
import { findPlanned, numberOf, showId } from '../../domain/plan/ids.ts';
import { SPRINT_STATUSES, type SprintDocument, type SprintStatus } from '../../domain/plan/sprint.ts';
import type { TaskDocument } from '../../domain/plan/task.ts';
import type { ProjectDocument } from '../../domain/project/document.ts';
import type { RegistryEntry } from '../../domain/team/registry.ts';
import { kindOf } from '../../store/stream.ts';
import { type Placed, placeOf, RowSets } from './sorted-rows.ts';
import { TaskIndex } from './task-index.ts';

/** The row of an epic or sprint; `text` is searched, in lower case. */
export interface GroupRow extends Placed {
  project: string;
  title: string;
  status: string;
  archived: boolean;
  text: string;
}

export interface PlanFacts {
  tasks: TaskIndex;
  epics: GroupIndex;
  sprints: GroupIndex;
  /** Ids of all projects. */
  projects: ReadonlySet<string>;
  /** Registered agents of a project that are not retired, by name. */
  agentsOf(project: string): ReadonlyMap<string, Worker>;
}

/** The properties of a registered agent that suggestions consider. */
export interface Worker {
  skills: readonly string[];
  /** How many tasks it can have at once; no limit if absent. */
  capacity?: number;
}

/** The kinds of documents that the plan is made of. */
const PLANNED: readonly string[] = ['task', 'sprint', 'epic', 'project', 'registry'];

/** How many documents are taken up between two looks at the clock. */
const PART = 20;

/** Keeps PlanFacts up to date with the documents of one process. */
export class PlanIndex {
  private readonly documents: Documents;
  private readonly agents = new Map<string, Map<string, Worker>>();
  private readonly facts = {
    tasks: new TaskIndex(),
    epics: new GroupIndex(),
    sprints: new GroupIndex(),
    projects: new Set<string>(),
    agentsOf: (project: string): ReadonlyMap<string, Worker> => this.agents.get(project) ?? new Map(),
  };
  /** Streams touched since the index was last brought up to date; undefined until it is first used. */
  private touched: Set<string> | undefined;

  constructor(documents: Documents) {
    this.documents = documents;
  }

  /** Brings the index to the seq of a view. Call it within a read: the result is valid until that read ends. */
  at(view: View): PlanFacts {
    if (this.touched === undefined) {
      // This is synchronous, so no commit is missed: the view has all earlier ones, the listener gets all later ones.
      this.documents.onChange((commits) => {
        for (const { commit } of commits) for (const { stream } of commit.events) this.touch(stream);
      });
      this.touched = new Set(PLANNED.flatMap((kind) => view.streams(`${kind}/`)));
    }
    const { touched } = this;
    if (touched.size > 0) doWork(this.takeUpAll(view, touched), touched.size > AT_ONCE, view);
    return this.facts;
  }

  private *takeUpAll(view: View, touched: Set<string>): Work {
    while (touched.size > 0) {
      const streams: string[] = [];
      for (const stream of touched) if (streams.push(stream) >= PART) break;
      this.takeUp(view, streams);
      // Only now: if a document fails to load, the next call must read these streams again.
      for (const stream of streams) touched.delete(stream);
      yield;
    }
  }

  private touch(stream: string): void {
    if (isPlanned(stream)) this.touched?.add(stream);
  }

  private takeUp(view: View, streams: readonly string[]): void {
    const tasks: Readonly<TaskDocument>[] = [];
    for (const stream of streams) {
      const doc = view.get<TaskDocument | EpicDocument | SprintDocument | ProjectDocument | RegistryEntry>(stream);
      if (doc === undefined) continue;
      if (stream.startsWith('project/')) this.facts.projects.add(doc.id);
      else if ('skills' in doc) this.register(doc);
      else if ('needs' in doc) tasks.push(doc);
      else if ('goal' in doc) this.facts.sprints.update(sprintRow(doc));
      else if ('tasks' in doc) this.facts.epics.update(epicRow(doc));
    }
    // Sorted by place, so that the first filling only appends to the sorted sets.
    tasks.sort((a, b) => placeOf(placed(a)) - placeOf(placed(b)));
    this.facts.tasks.update(tasks);
  }

  private register({ kind, id, project, skills, capacity, retired }: Readonly<RegistryEntry>): void {
    if (kind !== 'agent') return;
    const agents = this.agents.get(project) ?? new Map<string, Worker>();
    this.agents.set(project, agents);
    const worker = { skills: skills.map((skill) => skill.toLowerCase()) };
    if (retired === true) agents.delete(id);
    else agents.set(id, capacity === undefined ? worker : { ...worker, capacity });
  }
}

/** Ids of the open tasks assigned to a session, which a handoff reassigns; at most MAX_HANDED, by priority. */
export function openTasksOf({ tasks }: PlanFacts, project: string, session: string): string[] {
  return tasks
    .assigned(project, session, 'open')
    .first(MAX_HANDED)
    .map(({ id }) => id);
}

/** Epics or sprints in sorted sets by project and facet: a status, `all`, `open` or `archived`. */
export class GroupIndex {
  private readonly rows = new Map<string, GroupRow>();
  private readonly sets = new RowSets<GroupRow>((row) => {
    const over = row.status === 'completed' || row.status === 'cancelled';
    const facets = row.archived ? ['archived'] : ['all', row.status, ...(over ? [] : ['open'])];
    return facets.map((facet) => `${row.project} ${facet}`);
  });

  get(id: string): GroupRow | undefined {
    return this.rows.get(id);
  }

  set(project: string, facet: string) {
    return this.sets.get(`${project} ${facet}`);
  }

  /** The epic or sprint of a project with this id, as shown or stored. */
  named(kind: 'epic' | 'sprint', id: string, project: string): GroupRow | undefined {
    return findPlanned((stored) => this.rows.get(stored), kind, id, project);
  }

  /** Ids of a project, as shown. */
  ids(project: string): string[] {
    return [...this.rows.values()].flatMap((row) => (row.project === project ? [showId(row.id)] : []));
  }

  update(row: GroupRow): void {
    this.sets.replace(this.rows.get(row.id), row);
    this.rows.set(row.id, row);
  }
}

function isPlanned(stream: string): boolean {
  return PLANNED.includes(kindOf(stream));
}

function placed({ id, priority }: Readonly<TaskDocument>): Pick<Placed, 'priority' | 'number'> {
  return { priority, number: numberOf(id) };
}

function epicRow(epic: Readonly<EpicDocument>): GroupRow {
  const { id, project, title, status, archived, priority, owner = '' } = epic;
  const text = `${title} ${owner}`.toLowerCase();
  return { id, number: numberOf(id), project, title, status, archived, priority, text };
}

/** A sprint's row. Its `priority` is the order of statuses, so that lists show active sprints first, then planned. */
function sprintRow(sprint: Readonly<SprintDocument>): GroupRow {
  const { id, project, title, status, archived, goal } = sprint;
  const order: readonly SprintStatus[] = ['active', ...SPRINT_STATUSES.filter((one) => one !== 'active')];
  const priority = order.indexOf(status) + 1;
  return {
    id,
    number: numberOf(id),
    project,
    title,
    status,
    archived,
    priority,
    text: `${title} ${goal}`.toLowerCase(),
  };
}
