// The dashboard's view of runs: which there are, what is being worked on, and what waits for somebody.

import { hasEnded, type NodeRecord, type RunDocument } from '../../../domain/run.ts';
import { leaseEnd } from '../../../graph/run-node.ts';
import { columns, type DashboardView, type Row, type Section, type Source } from '../define.ts';

const RUN_COLUMNS = columns({
  run: 'id',
  name: 'text',
  status: 'status',
  done: 'count',
  nodes: 'count',
  done_percent: 'percent',
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
  why: 'text',
  since_at: { kind: 'time', spare: 1 },
});

export const runs: DashboardView = {
  name: 'runs',
  title: 'Runs',
  sections: (source) => {
    const all = runsOf(source);
    return [
      runSection(source, all),
      {
        name: 'claims',
        title: 'In flight',
        columns: CLAIM_COLUMNS,
        rows: claimRows(source, all),
        more: 'run_status {"run": …}',
      },
      { name: 'waiting', title: 'Needs somebody', columns: WAITING_COLUMNS, rows: waitingRows(all) },
    ];
  },
  hint: (source) => {
    const [first] = waitingRows(runsOf(source));
    return first === undefined
      ? undefined
      : `run_status {"run": "${first.run}", "node": "${first.node}"}, then run_control`;
  },
};

/** Runs of the project: those under way first, then the last changed. */
export function runsOf({ view, project }: Source): Readonly<RunDocument>[] {
  const found = view.streams('run/').flatMap((stream) => {
    const run = view.get<RunDocument>(stream);
    return run?.project === project.id ? [{ run, seq: view.lastSeq(stream) }] : [];
  });
  found.sort((a, b) => Number(hasEnded(a.run.status)) - Number(hasEnded(b.run.status)) || b.seq - a.seq);
  return found.map(({ run }) => run);
}

/** The section that lists runs; the team's view shows it too. */
export function runSection(source: Source, all: readonly Readonly<RunDocument>[]): Section {
  return {
    name: 'runs',
    title: 'Runs',
    columns: RUN_COLUMNS,
    rows: all.map((run) => runRow(source, run)),
    more: 'run_status {}',
  };
}

function runRow(source: Source, run: Readonly<RunDocument>): Row {
  const { counters, started_at } = run;
  const done = counters.finished + counters.skipped;
  const nodes = source.sizeOf(run.graph);
  const known = nodes > 0 ? { nodes, done_percent: (100 * done) / nodes } : {};
  const ended = run.ended_at === undefined ? {} : { ended_at: run.ended_at };
  const { id, name, status } = run;
  return {
    run: id,
    name,
    status,
    done,
    ...known,
    claimed: counters.claimed,
    failed: counters.failed,
    started_at,
    ...ended,
  };
}

/** Claims in runs that are not over, the longest held first. `unverifiable`: the lease ended and nobody has it yet. */
export function claimRows({ now, presence }: Source, all: readonly Readonly<RunDocument>[]): Row[] {
  const rows: { since: number; row: Row }[] = [];
  for (const run of all) {
    if (hasEnded(run.status)) continue;
    for (const [id, node] of Object.entries(run.nodes)) {
      if (node.status !== 'claimed') continue;
      const since = node.started_at ?? 0;
      const ends = leaseEnd(node, node.lease_ms ?? 0, (who) => presence.lastSeen(who));
      const row: Row = {
        run: run.id,
        node: node.title ?? id,
        state: ends > now ? 'held' : 'unverifiable',
        attempt: node.attempt,
      };
      const agent = agentOf(node);
      if (agent !== undefined) row.agent = agent;
      if (node.percent !== undefined) row.progress_percent = node.percent;
      if (since > 0) row.since_at = new Date(since).toISOString();
      if (Number.isFinite(ends)) row.lease_ends_at = new Date(ends).toISOString();
      rows.push({ since, row });
    }
  }
  return rows.sort((a, b) => a.since - b.since).map(({ row }) => row);
}

function agentOf(node: Readonly<NodeRecord>): string | undefined {
  if (node.server !== undefined) return 'server';
  return node.agent_name ?? node.agent;
}

/** Nodes that wait for a decision, and those that failed in a run that is not over or has failed for it. */
export function waitingRows(all: readonly Readonly<RunDocument>[]): Row[] {
  const rows: Row[] = [];
  for (const run of all) {
    if (run.status === 'finished' || run.status === 'cancelled') continue;
    if (run.counters.needs_decision + run.counters.failed === 0) continue;
    for (const [id, node] of Object.entries(run.nodes)) {
      if (node.status !== 'needs_decision' && node.status !== 'failed') continue;
      const row: Row = { run: run.id, node: id, status: node.status };
      const why = node.error === undefined ? node.summary : `${node.error.kind}: ${node.error.message}`;
      if (why !== undefined) row.why = why.slice(0, 200);
      if (node.ended_at !== undefined) row.since_at = new Date(node.ended_at).toISOString();
      rows.push(row);
    }
  }
  return rows;
}
