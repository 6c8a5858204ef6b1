// The dashboard view `cache`: results that runs reused from earlier runs instead of doing the work again.

import type { RunDocument } from '../../domain/run/document.ts';
import { columns, type DashboardView, type Row } from '../define.ts';
import { runsOf } from './runs.ts';

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

export const cache: DashboardView = {
  name: 'cache',
  title: 'Results used again',
  sections: (source) => {
    const all = runsOf(source);
    return [
      { name: 'results', title: 'All runs of this project', columns: TOTAL_COLUMNS, rows: [totals(all)], facts: true },
      {
        name: 'runs',
        title: 'Runs that took results over',
        columns: RUN_COLUMNS,
        rows: all.flatMap(rowOf),
        more: 'run_status {}',
      },
    ];
  },
};

interface Counts {
  reused: number;
  anew: number;
  from: string | undefined;
}

function countsOf(run: Readonly<RunDocument>): Counts {
  const counts: Counts = { reused: 0, anew: 0, from: undefined };
  for (const node of Object.values(run.nodes)) {
    if (node.status !== 'finished') continue;
    if (node.reused_from === undefined) counts.anew += 1;
    else {
      counts.reused += 1;
      counts.from = node.reused_from;
    }
  }
  return counts;
}

function rowOf(run: Readonly<RunDocument>): Row[] {
  const { reused, anew, from } = countsOf(run);
  if (reused === 0) return [];
  return [
    { run: run.id, name: run.name, from, reused, done_anew: anew, hit_percent: (100 * reused) / (reused + anew) },
  ];
}

function totals(all: readonly Readonly<RunDocument>[]): Row {
  let [reused, anew, saved] = [0, 0, 0];
  for (const run of all) {
    const counts = countsOf(run);
    reused += counts.reused;
    anew += counts.anew;
    for (const node of Object.values(run.nodes)) {
      // A reused record keeps the times of the run that did the work.
      if (node.reused_from !== undefined)
        saved += Math.max(0, (node.ended_at ?? 0) - (node.started_at ?? node.ended_at ?? 0));
    }
  }
  const results = reused + anew;
  const rate = results === 0 ? {} : { hit_percent: (100 * reused) / results };
  return { results, reused, ...rate, ...(saved > 0 ? { saved_ms: saved } : {}) };
}
