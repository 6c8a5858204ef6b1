// plan_list {kind: "project"}: every project of the store; the caller's own is marked.

import { type ProjectDocument, projectStream } from '../../../domain/project/document.ts';
import { matcher } from '../../words.ts';
import { line } from '../show.ts';
import { type ListKind, pageOf } from './define.ts';

export const projectKind: ListKind = {
  kind: 'project',
  statuses: [],
  takes: [],
  list({ view, plan }, query) {
    const matches = matcher(query.text);
    const found = [...plan.projects].flatMap((id, index) => {
      const document = view.get<ProjectDocument>(projectStream(id));
      return document === undefined ? [] : [{ id, name: document.name, place: index + 1 }];
    });
    const show = ({ id, name, place }: (typeof found)[number]) => {
      const count = (facet: 'all' | 'open') => plan.tasks.set(id, facet).size;
      const brief = { id, name: line(name), tasks: count('all'), left: count('open') };
      const sprints = plan.sprints.set(id, 'open').size;
      const row = query.detail === 'ids' ? { id } : { ...brief, sprints, epics: plan.epics.set(id, 'open').size };
      return { place, row: id === query.project ? { ...row, own: true } : row };
    };
    return pageOf(
      found,
      query,
      ({ id, name }) => matches(`${id} ${name}`.toLowerCase()),
      show,
      (row) => row.place,
      query.after,
    );
  },
};
