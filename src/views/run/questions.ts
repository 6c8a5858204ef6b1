// The open questions of runs: what is asked, of whom, and until when. Used by run_status, the start of a session and
// the dashboard.

import type { View } from '../../documents/documents.ts';
import type { RunDocument } from '../../domain/run/document.ts';
import { treeOf } from '../../domain/run/tree.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { optionsOf } from '../../graph/kinds/approval.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { openRuns } from './runs.ts';

/** A type, not an interface: answers are open-ended objects. */
export type QuestionRow = {
  question: string;
  run: string;
  node: string;
  ask: string;
  options: string[];
  /** Who may answer; absent: anyone but who did the work asked about. */
  who?: string[];
  since: string;
  deadline?: string;
  /** Answers so far and needed, where one is not enough. */
  answers?: string;
};

/** The open questions of a project's runs, the oldest first. */
export function openQuestions(
  view: View,
  project: string,
  graph: (hash: string) => RunGraph | undefined,
): QuestionRow[] {
  const rows = openRuns(view, project).flatMap((run) => questionsOf(run, graph));
  return rows.sort((a, b) => (a.since < b.since ? -1 : 1));
}

/** The open questions of one run. */
export function questionsOf(run: Readonly<RunDocument>, graph: (hash: string) => RunGraph | undefined): QuestionRow[] {
  if (countOf(run.counters, 'awaiting') === 0) return [];
  const tree = treeOf(run, graph);
  return Object.entries(run.nodes).flatMap(([id, { status, question, until }]): QuestionRow[] => {
    const node = status === 'awaiting' && question !== undefined ? tree?.place(id)?.node : undefined;
    if (node?.kind !== 'approval' || question === undefined) return [];
    const { ask, who, k = 1 } = node;
    return [
      {
        question: question.id,
        run: run.id,
        node: id,
        ask,
        options: [...optionsOf(node).keys()],
        ...(who === undefined ? {} : { who: [...who] }),
        since: new Date(question.asked_at).toISOString(),
        ...(until === undefined ? {} : { deadline: new Date(until).toISOString() }),
        ...(k === 1 ? {} : { answers: `${question.answers?.length ?? 0} of ${k}` }),
      },
    ];
  });
}

/** How many questions a run asks, without its definition. */
export function questionCount(run: Readonly<RunDocument>): number {
  if (countOf(run.counters, 'awaiting') === 0) return 0;
  return Object.values(run.nodes).filter(({ status, question }) => status === 'awaiting' && question !== undefined)
    .length;
}
