// The dashboard view `runs`: the runs, their claimed nodes, and the nodes that need somebody's attention.

import type { RunDocument } from '../../domain/run/document.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import { sizeOf } from '../../domain/run/tree.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { claimedNodes, failedRuns, firstRuns, openRuns } from '../../views/run/runs.ts';
import { standingOf, wordsFor } from '../../views/run/standing.ts';
import { claimState } from '../../views/session/claims.ts';
import type { Source } from '../../views/source.ts';
import { columns, type DashboardView, type Row, type Section, timeCell } from '../define.ts';

const RUN_COLUMNS = columns({
  run: 'id',
  name: 'text',
  status: 'status',
  done: 'count',
  nodes: 'count',
  done_percent: { kind: 'percent', bar: true },
  claimed: { kind: 'count', spare: 1 },
  failed: { kind: 'count', spare: 1 },
  started_at: { kind: 'time', spare: 2 },
  ended_at: { kind: 'time', spare: 3 },
});

const CLAIM_COLUMNS = columns({
  run: 'id',
  node: 'text',
  agent: 'text',
  state: 'status',
  attempt: { kind: 'count', spare: 2 },
  progress_percent: { kind: 'percent', spare: 2 },
  since_at: 'time',
  lease_ends_at: { kind: 'time', spare: 1 },
});

const WAITING_COLUMNS = columns({
  run: 'id',
  node: 'text',
  status: 'status',
  why: { kind: 'prose', wraps: true },
  since_at: { kind: 'time', spare: 1 },
});

export const runs: DashboardView = {
  name: 'runs',
  title: 'Runs',
  alerts: ['runs', 'leases', 'tokens'],
  sections: (source, most) => {
    const { view, project } = source;
    return [
      runSection(source, most),
      {
        name: 'claims',
        title: 'In flight',
        columns: CLAIM_COLUMNS,
        rows: claimRows(source, openRuns(view, project.id)),
        more: 'run_status {"run": …}',
      },
      { name: 'waiting', title: 'Needs somebody', columns: WAITING_COLUMNS, rows: waitingRows(source) },
    ];
  },
  hint: (source) => {
    const [first] = waitingRows(source);
    if (first?.status === 'ready') return String(first.why);
    return first === undefined
      ? undefined
      : `run_status {"run": "${first.run}", "node": "${first.node}"}, then run_control`;
  },
};

/** The section that lists runs. The view `team` shows it too. */
export function runSection(source: Source, most: number): Section {
  const { runs: first, total } = firstRuns(source.view, source.project.id, most);
  return {
    total,
    name: 'runs',
    title: 'Runs',
    columns: RUN_COLUMNS,
    rows: first.map((run) => runRow(source, run)),
    more: 'run_status {}',
  };
}

function runRow(source: Source, run: Readonly<RunDocument>): Row {
  const { id, name, counters, started_at, ended_at } = run;
  const done = countOf(counters, 'finished', 'skipped');
  const nodes = sizeOf(run, source.graph);
  const { status } = standingOf(run, source);
  return {
    run: id,
    name,
    status,
    done,
    nodes,
    done_percent: nodes === undefined ? undefined : (100 * done) / Math.max(1, nodes),
    claimed: countOf(counters, 'claimed'),
    failed: countOf(counters, 'failed'),
    started_at,
    ended_at,
  };
}

/** Claims in runs that have not ended, the oldest first; `claimState` says when one is unverifiable. */
function claimRows({ now, presence, served }: Source, all: readonly Readonly<RunDocument>[]): Row[] {
  const found = [...claimedNodes(all)].sort((a, b) => (a.node.started_at ?? 0) - (b.node.started_at ?? 0));
  return found.map(({ run, id, node }) => {
    const { state, end } = claimState(node, now, (who) => presence.lastSeen(who), served);
    return {
      run: run.id,
      node: node.title ?? id,
      agent: agentOf(node),
      state,
      attempt: node.attempt,
      progress_percent: node.percent,
      since_at: timeCell(node.started_at),
      lease_ends_at: timeCell(end),
    };
  });
}

function agentOf(node: Readonly<NodeRecord>): string | undefined {
  if (node.server !== undefined) return 'server';
  return node.agent_name ?? node.agent;
}

/**
 * Nodes that need a decision, failed, or are ready for a server that nobody has started, in runs that have neither
 * finished nor been cancelled.
 */
function waitingRows(source: Source): Row[] {
  const { view, project } = source;
  return [...openRuns(view, project.id), ...failedRuns(view, project.id)].flatMap((run) => {
    const unserved = standingOf(run, source).unserved.map((one): Row => {
      const status = one.wants === undefined ? 'claimed' : 'ready';
      return { run: run.id, node: one.node, status, why: wordsFor(one) };
    });
    if (countOf(run.counters, 'needs_decision', 'failed') === 0) return unserved;
    const stopped = Object.entries(run.nodes).flatMap(([id, node]): Row[] => {
      if (node.status !== 'needs_decision' && node.status !== 'failed') return [];
      const why = node.error === undefined ? node.summary : `${node.error.kind}: ${node.error.message}`;
      return [{ run: run.id, node: id, status: node.status, why, since_at: timeCell(node.ended_at) }];
    });
    return [...stopped, ...unserved];
  });
}
