// plan_list {kind: "graph"}: the graphs saved by name with graph_check {save_as}, the last saved first.

import { graphStream, type SavedGraph } from '../../../domain/run/saved-graph.ts';
import { matcher } from '../../words.ts';
import { line } from '../show.ts';
import { type ListKind, pageOf } from './define.ts';

const PREFIX = graphStream('');

export const graphKind: ListKind = {
  kind: 'graph',
  statuses: [],
  takes: [],
  list({ view }, query) {
    const saved = view.streams(PREFIX).flatMap((stream) => view.get<SavedGraph>(stream) ?? []);
    saved.sort((a, b) => b.saved_at.localeCompare(a.saved_at) || a.name.localeCompare(b.name));
    const matches = matcher(query.text);
    return pageOf(
      saved.map((graph, index) => ({ graph, place: index + 1 })),
      query,
      ({ graph }) => matches(graph.name.toLowerCase()),
      ({ graph: { name, hash, saved_at }, place }) => {
        const row = query.detail === 'ids' ? { id: line(name) } : { id: line(name), hash, saved_at };
        return { place, row };
      },
      ({ place }) => place,
      query.after,
    );
  },
};
