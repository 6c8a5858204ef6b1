// The gate `review`: so many of its reviewers find the work good. A reviewer is an agent that had no part in any try.

import type { GateSpec, Retry } from '../graph.ts';
import { badGate, type GateKind, WAIVABLE } from './define.ts';

export interface ReviewGate extends GateSpec {
  kind: 'review';
  ask: string;
  /** Names of agents; absent: any agent. */
  who?: string[];
  /** How many reviewers there are; absent: 1. */
  reviewers?: number;
  /** How many of them must pass it; absent: all. */
  k?: number;
  /** `session`: a reviewer is of another session than all authors. */
  reviewer?: 'session';
  /** How often a reviewer that failed is replaced. */
  retry?: Retry;
  waivable?: boolean;
}

const VERDICT = '{"verdict": "pass" | "fail", "findings"?: what is to be mended}';

export const review: GateKind<ReviewGate> = {
  kind: 'review',
  stage: 'agents',
  fields: {
    ask: { type: 'text', max: 20_000, about: 'what to look at' },
    who: {
      type: 'list',
      of: { type: 'text', max: 64 },
      max: 50,
      about: 'names of agents; default any but the authors',
    },
    reviewers: { type: 'number', whole: true, min: 1, max: 20, about: 'how many reviewers; default 1' },
    k: { type: 'number', whole: true, min: 1, max: 20, about: 'how many of them must pass it; default all' },
    reviewer: { type: 'choice', of: ['session'], about: 'session: of another session than every author' },
    retry: { type: 'json', about: 'as of nodes: how often an error is tried again' },
    waivable: WAIVABLE,
  },
  requires: ['ask'],
  summary: `k of n other agents report done with ${VERDICT}`,
  example: { id: 'review', kind: 'review', ask: 'Do the tests cover the change?' },

  check(gate, at) {
    const faults = [];
    if (gate.ask === undefined || gate.ask.trim() === '')
      faults.push(badGate(`${at}/ask`, `"${gate.id}" asks nothing`, 'say in "ask" what the reviewer looks at'));
    const { reviewers = 1, k = reviewers } = gate;
    if (k > reviewers) {
      const message = `"${gate.id}" wants ${k} of ${reviewers} reviewers`;
      faults.push(badGate(`${at}/k`, message, `use at most ${reviewers}, or raise reviewers`));
    }
    return faults;
  },

  nodes: ({ id, ask, reviewers = 1, retry }) =>
    Array.from({ length: reviewers }, (_, i) => ({
      id: `${id}@${i + 1}`,
      kind: 'agent' as const,
      task: ask,
      output: VERDICT,
      ...(retry !== undefined && { retry }),
    })),
};
