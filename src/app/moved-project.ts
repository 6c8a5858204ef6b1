// Projects whose directory was renamed or cloned elsewhere: which ones are left behind, and which one a directory goes
// on with after it took one over. Used by services.ts, the verb statusline, session_start and project_save {adopt}.

import fs from 'node:fs';
import path from 'node:path';
import type { View } from '../documents/documents.ts';
import { continued } from '../domain/project/adopt.ts';
import { type ProjectDocument, projectStream } from '../domain/project/document.ts';
import type { Workspace } from '../domain/session/document.ts';
import type { PlanFacts } from '../views/plan/plan-index.ts';
import { readableFacts } from '../views/session/sessions.ts';

/** The most projects whose directories are looked for on disk, those with the most open tasks first. */
const LOOKED_AT = 20;

export interface LeftProject {
  project: string;
  name: string;
  open: number;
}

/** The workspace with the project that it goes on with. */
export function placed<W extends Workspace>(view: View, workspace: W): W {
  const read = (stream: string) => view.get<ProjectDocument>(stream);
  const own = read(projectStream(workspace.project));
  if (own?.continues === undefined) return workspace;
  const { id, name } = continued(read, own);
  return { ...workspace, project: id, projectName: name };
}

/**
 * Projects with open tasks whose directories are all gone, for a project without a plan of its own; none for another.
 */
export function leftProjects(view: View, plan: PlanFacts, project: string, home: string): LeftProject[] {
  if (hasPlan(plan, project)) return [];
  const busy = [...plan.projects]
    .map((id) => ({ id, open: plan.tasks.set(id, 'open').size }))
    .filter(({ id, open }) => id !== project && open > 0)
    .sort((a, b) => b.open - a.open)
    .slice(0, LOOKED_AT);
  if (busy.length === 0) return [];
  const directories = directoriesOf(view);
  return busy.flatMap(({ id, open }) => {
    const known = [...(directories.get(id) ?? [])];
    if (known.length === 0 || known.some((directory) => isThere(directory, home))) return [];
    return [{ project: id, name: view.get<ProjectDocument>(projectStream(id))?.name ?? id, open }];
  });
}

/** The first directory of the project that still exists, as sessions tell; undefined without one. */
export function directoryThere(view: View, project: string, home: string): string | undefined {
  return [...(directoriesOf(view).get(project) ?? [])].find((directory) => isThere(directory, home));
}

/** Whether the project has tasks, sprints or epics that are not archived. */
export function hasPlan({ tasks, sprints, epics }: PlanFacts, project: string): boolean {
  return [tasks, sprints, epics].some((kind) => kind.set(project, 'all').size > 0);
}

function directoriesOf(view: View): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const stream of view.streams('session/')) {
    const facts = readableFacts(view, stream);
    if (facts === undefined) continue;
    const known = found.get(facts.project) ?? new Set();
    found.set(facts.project, known.add(facts.directory));
  }
  return found;
}

function isThere(directory: string, home: string): boolean {
  const { root } = path.parse(directory);
  const place = root === '' && directory.startsWith('~') ? path.join(home, directory.slice(1)) : directory;
  return fs.existsSync(place);
}
