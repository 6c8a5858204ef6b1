// baton://runs/{id}: a run with its nodes, as run_status shows it. Claim ids are left out: whoever knows one may report
// for its holder.

import { type RunDocument, runStream } from '../domain/run/document.ts';
import { treeOf } from '../domain/run/tree.ts';
import type { Json } from '../json/json.ts';
import { capped } from '../views/capped.ts';
import { criticalPathLeft, firstRuns, nodeRows, statusCounts } from '../views/run/runs.ts';
import { standingOf } from '../views/run/standing.ts';
import { MOST_ENTRIES, type ResourceKind } from './define.ts';

/** Characters of JSON for the node rows: with the rest, the resource stays below what a model can take at once. */
const NODES_CHARS = 13_000;
const PATH_NODES = 50;

export const runs: ResourceKind = {
  name: 'runs',
  title: 'Run',
  description: 'A run of a graph: how it stands, its nodes, and the longest way through what is left',
  template: 'baton://runs/{id}',
  listedFrom: 'run',
  list: (view, { workspace }) =>
    firstRuns(view, workspace.project, MOST_ENTRIES).runs.map(({ id, name, status }) => ({
      id,
      title: `${name} (${id})`,
      description: status,
    })),
  read: (view, id, { documents }) => {
    const run = view.get<RunDocument>(runStream(id));
    const graph = run === undefined ? undefined : documents.definitions.get(run.graph);
    const tree = run === undefined ? undefined : treeOf(run, (hash) => documents.definitions.get(hash));
    if (run === undefined || graph === undefined || tree === undefined) return undefined;
    const rows = nodeRows(tree, Date.now());
    const { name, sprint, started_at, ended_at } = run;
    const graphOf = (hash: string) => documents.definitions.get(hash);
    const { presence } = documents;
    const seen = { now: Date.now(), presence, served: () => presence.served(), graph: graphOf };
    const { status } = standingOf(run, seen);
    const shown = capped(rows, NODES_CHARS);
    const answer = {
      run: id,
      name,
      status,
      sprint,
      started_at,
      ended_at,
      counts: statusCounts(rows),
      nodes: shown.kept,
      cut:
        shown.left === 0
          ? undefined
          : `${shown.left} more nodes: run_status {"run": "${id}", "cursor": "${shown.kept.length}"}`,
      critical_path_left: criticalPathLeft(run, graph).slice(0, PATH_NODES),
      seq: view.seq,
    };
    return JSON.parse(JSON.stringify(answer)) as Json;
  },
  streams: (id) => [runStream(id)],
};
