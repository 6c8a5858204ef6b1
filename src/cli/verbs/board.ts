// The verb `board`: draws the tasks of a sprint or of the project as columns side by side.

import { openServices, type Services } from '../../app/services.ts';
import { createLog } from '../../base/log.ts';
import { nearest } from '../../base/nearest.ts';
import type { Config } from '../../config/config.ts';
import { type KanbanCard, type KanbanColumn, renderKanban } from '../../dashboard/formats/kanban.ts';
import { MIN_WIDTH } from '../../dashboard/formats/text.ts';
import type { View } from '../../documents/documents.ts';
import { findPlanned, showId, sprintStream } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import { TASK_STATUSES } from '../../domain/plan/task.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { currentSprint } from '../../views/plan/current-sprint.ts';
import type { PlanFacts } from '../../views/plan/plan-index.ts';
import { progressOf } from '../../views/plan/sprint-facts.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { painter } from '../paint.ts';
import { renderJson } from '../render.ts';
import { readArguments } from '../verb-arguments.ts';

interface Picture {
  sprint?: string;
  title: string;
  progress: number;
  columns: KanbanColumn[];
}

const CARDS = 10;
const PIPED_WIDTH = 80;

export const run = offline(boardVerb);

async function boardVerb(args: string[], config: Config): Promise<number> {
  const [first] = args;
  const sprint = first !== undefined && !first.startsWith('-') ? first : undefined;
  const read = readArguments(sprint === undefined ? args : args.slice(1), {
    switches: ['json'],
    counts: ['width', 'limit'],
  });
  if (!read.ok) return complain(read.failure);
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const opened = await openServices({ ...config, readOnly: true }, createLog(config), 'cli');
  if (!opened.ok) return complain(opened.failure);
  const services = opened.value;
  try {
    const limit = read.value.count('limit') ?? CARDS;
    const found = await services.documents.read((view) => pictureOf(view, services, sprint, limit));
    if (!found.ok) return complain(found.failure);
    const width = Math.max(
      MIN_WIDTH,
      Math.min(1_000, read.value.count('width') ?? (process.stdout.columns || PIPED_WIDTH)),
    );
    const text = read.value.has('json') ? renderJson(found.value) : `${screenOf(found.value, width)}\n`;
    process.stdout.write(text);
    return exitCodes.done;
  } finally {
    await services.close();
  }
}

function screenOf({ sprint, title, progress, columns }: Picture, width: number): string {
  const head = [`${sprint ?? 'All tasks'} ${title} · ${progress}%`];
  const paint = process.stdout.isTTY ? painter() : undefined;
  const shown = columns.filter(({ count }) => count > 0);
  return renderKanban(shown.length === 0 ? [...head, 'no tasks yet'] : head, shown, { width, paint });
}

function pictureOf(
  view: View,
  { plans, sessions, workspace }: Services,
  named: string | undefined,
  limit: number,
): Result<Picture> {
  const plan = plans.at(view);
  const scope = scopeOf(view, plan, { project: workspace.project, session: sessions.find(view) }, named);
  if (!scope.ok) return scope;
  const sprint = scope.value;
  const id = sprint?.id ?? workspace.project;
  const columns = TASK_STATUSES.map((status): KanbanColumn => {
    const rows = plan.tasks.set(id, status);
    const cards = rows.first(limit).map(({ id: task, title, assignee, points, reason }): KanbanCard => {
      return { id: showId(task), title, assignee, points, why: reason };
    });
    return { status, count: rows.size, points: rows.points, cards };
  });
  const picture = { title: sprint?.title ?? `of ${workspace.projectName}`, progress: progressOf(plan, id), columns };
  return ok(sprint === undefined ? picture : { sprint: showId(sprint.id), ...picture });
}

/** The named sprint, else the current one, else undefined. Fails with `unknown-item`. */
function scopeOf(
  view: View,
  plan: PlanFacts,
  asked: { project: string; session: string | undefined },
  named: string | undefined,
): Result<Readonly<SprintDocument> | undefined> {
  if (named === undefined) return ok(currentSprint(plan, view, asked));
  const get = (id: string) => view.get<SprintDocument>(sprintStream(id));
  const found = findPlanned(get, 'sprint', named, asked.project);
  if (found !== undefined) return ok(found);
  return fail({
    code: 'unknown-item',
    kind: 'sprint',
    id: named,
    near: nearest(named, plan.sprints.ids(asked.project)),
  });
}
