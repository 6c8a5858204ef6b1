// The dashboard view `cache`: results that runs reused from earlier runs instead of doing the work again.

import type { Figures, Grouping } from '../../documents/documents.ts';
import type { RunDocument } from '../../domain/run/document.ts';
import { columns, type DashboardView, type Row } from '../define.ts';

const TOTAL_COLUMNS = columns({
  results: 'count',
  reused: 'count',
  hit_percent: { kind: 'percent', title: 'hit rate' },
  saved_ms: { kind: 'ms', title: 'work saved' },
});
const RUN_COLUMNS = columns({
  run: 'id',
  name: 'text',
  from: { kind: 'id', spare: 1 },
  reused: 'count',
  done_anew: 'count',
  hit_percent: { kind: 'percent', title: 'hit rate' },
});

/** Runs by project, with sums of what they did, and those among them that took results over. */
const byReuse: Grouping<RunDocument> = {
  kind: 'run',
  groupsOf: (run) => [run.project, ...(countsOf(run).reused > 0 ? [reusing(run.project)] : [])],
  figuresOf: (run) => {
    const { reused, anew, savedMs } = countsOf(run);
    return { reused, anew, savedMs };
  },
};
const reusing = (project: string): string => `${project} reused`;

export const cache: DashboardView = {
  name: 'cache',
  title: 'Results used again',
  sections: ({ view, project }, most) => {
    const took = view.grouped(byReuse, reusing(project.id));
    const shown = took.slice(0, most).flatMap((stream) => view.get<RunDocument>(stream) ?? []);
    return [
      {
        name: 'results',
        title: 'All runs of this project',
        columns: TOTAL_COLUMNS,
        rows: [totals(view.groupSums(byReuse, project.id))],
        facts: true,
      },
      {
        name: 'runs',
        title: 'Runs that took results over',
        columns: RUN_COLUMNS,
        rows: shown.map(rowOf),
        total: took.length,
        more: 'run_status {}',
      },
    ];
  },
};

interface Counts {
  reused: number;
  anew: number;
  /** A reused record keeps the times of the run that did the work. */
  savedMs: number;
  from: string | undefined;
}

function countsOf(run: Readonly<RunDocument>): Counts {
  const counts: Counts = { reused: 0, anew: 0, savedMs: 0, from: undefined };
  for (const node of Object.values(run.nodes)) {
    if (node.reused_from !== undefined)
      counts.savedMs += Math.max(0, (node.ended_at ?? 0) - (node.started_at ?? node.ended_at ?? 0));
    if (node.status !== 'finished') continue;
    if (node.reused_from === undefined) counts.anew += 1;
    else {
      counts.reused += 1;
      counts.from = node.reused_from;
    }
  }
  return counts;
}

function rowOf(run: Readonly<RunDocument>): Row {
  const { reused, anew, from } = countsOf(run);
  const hit_percent = (100 * reused) / (reused + anew);
  return { run: run.id, name: run.name, from, reused, done_anew: anew, hit_percent };
}

function totals({ reused = 0, anew = 0, savedMs = 0 }: Figures): Row {
  const results = reused + anew;
  const rate = results === 0 ? {} : { hit_percent: (100 * reused) / results };
  return { results, reused, ...rate, ...(savedMs > 0 ? { saved_ms: savedMs } : {}) };
}
