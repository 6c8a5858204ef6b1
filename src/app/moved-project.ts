// Projects whose directory was renamed or cloned elsewhere: which ones are left behind, and which one a directory goes
// on with after it took one over. Used by services.ts, the verb statusline, session_start and project_save {adopt}.

import fs from 'node:fs';
import path from 'node:path';
import type { View } from '../documents/documents.ts';
import { continued } from '../domain/project/adopt.ts';
import { type ProjectDocument, projectStream } from '../domain/project/document.ts';
import type { Workspace } from '../domain/session/document.ts';
import type { PlanFacts } from '../views/plan/plan-index.ts';
import { allSessions } from '../views/session/sessions.ts';

/** The most projects whose directories are looked for on disk. */
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
 * The plan is asked for only if there is such a directory: its index of a large store takes a while.
 */
export function leftProjects(view: View, plan: () => PlanFacts, project: string, home: string): LeftProject[] {
  const gone = [...directoriesOf(view)]
    .filter(([id]) => id !== project)
    .slice(-LOOKED_AT)
    .filter(([, directories]) => ![...directories].some((directory) => isThere(directory, home)));
  if (gone.length === 0 || hasPlan(plan(), project)) return [];
  return gone
    .map(([id]) => {
      const name = view.get<ProjectDocument>(projectStream(id))?.name ?? id;
      return { project: id, name, open: plan().tasks.set(id, 'open').size };
    })
    .filter(({ open }) => open > 0)
    .sort((a, b) => b.open - a.open);
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
  for (const facts of allSessions(view).reverse()) {
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
