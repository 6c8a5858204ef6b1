// baton://projects/{id}: a project with its configuration, defaults filled in.

import { withDefaults } from '../domain/project/config.ts';
import { type ProjectDocument, projectStream } from '../domain/project/document.ts';
import type { Json } from '../json/json.ts';
import { line } from '../views/plan/show.ts';
import { MOST_ENTRIES, type ResourceKind } from './define.ts';

export const projects: ResourceKind = {
  name: 'projects',
  title: 'Project',
  description: 'A project: its settings, alert thresholds, teams, pools and resources',
  template: 'baton://projects/{id}',
  listedFrom: 'project',
  list: (view, { plans }) =>
    [...plans.at(view).projects]
      .map((id) => ({ id, seq: view.lastSeq(projectStream(id)) }))
      .sort((a, b) => b.seq - a.seq)
      .slice(0, MOST_ENTRIES)
      .map(({ id }) => ({ id, title: line(view.get<ProjectDocument>(projectStream(id))?.name ?? id) })),
  read: (view, id) => {
    const found = view.get<ProjectDocument>(projectStream(id));
    if (found === undefined) return undefined;
    const { name, created_at, config } = found;
    return { id, name, created_at, config: withDefaults(config) as unknown as Json };
  },
  streams: (id) => [projectStream(id)],
};
