// Failures about graphs, runs, nodes and claims.

import { quoted, visible } from '../base/display.ts';
import { because, type FailureTable, near } from './table.ts';

type RunCode = 'unknown-graph' | 'unknown-run' | 'unknown-node' | 'unknown-claim' | 'stale-claim' | 'node-not-ready';

export const runFailures: FailureTable<RunCode> = {
  'unknown-graph': {
    kind: 'other',
    what: ({ graph }) => `There is no graph ${quoted(graph)}`,
    why: near,
    next: 'call plan_list {kind: "graph"} to see those saved, or save one with graph_check {save_as}',
  },
  'unknown-run': {
    kind: 'other',
    what: ({ run }) => `There is no run ${quoted(run)}`,
    why: near,
    next: 'call run_status to list runs, or run_start to begin one',
  },
  'unknown-node': {
    kind: 'other',
    what: ({ run, node }) => `The run ${quoted(run)} has no node ${quoted(node)}`,
    why: near,
    next: ({ run }) => `call run_status {run: ${quoted(run)}} to see its nodes`,
  },
  'unknown-claim': {
    kind: 'other',
    what: ({ claim }) => `There is no claim ${quoted(claim)}`,
    why: 'a claim is the string that run_claim returned, unchanged',
    next: 'call run_claim to get work',
  },
  'stale-claim': {
    kind: 'other',
    what: ({ claim }) => `The claim ${quoted(claim)} no longer holds`,
    why: because,
    next:
      'stop that work and call run_claim for what is free; a late result reported with run_report is kept for ' +
      'adoption',
  },
  'node-not-ready': {
    kind: 'other',
    what: ({ node }) => `The node ${quoted(node)} cannot be claimed now`,
    why: because,
    next: ({ call = 'run_claim without node, or run_status to see what it waits for' }) => `call ${visible(call)}`,
  },
};
