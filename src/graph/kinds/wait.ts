// The kind `wait`: until a point in time, for a while, or for a signal that somebody sends to the run.

import { ID_PATTERN } from '../../base/safe-id.ts';
import type { Fault, GraphNode } from '../graph.ts';
import { commonBrief, type NodeKind } from './define.ts';

export interface WaitNode extends GraphNode {
  kind: 'wait';
  /** ISO 8601. */
  until?: string;
  for_s?: number;
  /** The signal's name. */
  signal?: string;
}

/** The longest wait in seconds: 366 days. */
const MAX_WAIT_S = 366 * 24 * 3_600;

export const wait: NodeKind<WaitNode> = {
  kind: 'wait',
  performer: 'engine',
  begins: 'awaiting',
  defaultEffect: 'pure',
  fields: {
    until: { type: 'text', max: 40, about: 'a point in time, ISO 8601', unlisted: true },
    for_s: { type: 'number', min: 0, max: MAX_WAIT_S, about: 'so long from when it may start', unlisted: true },
    signal: {
      type: 'text',
      max: 64,
      about: 'until run_control {action: "signal"} sends this name; what comes with it is the output',
      unlisted: true,
    },
  },
  requires: ['for_s'],
  summary: 'waits until a time, for a while, or for a signal',
  example: { id: 'cool-down', kind: 'wait', for_s: 600 },

  check(node, at) {
    const { until, for_s, signal } = node;
    const given = [until, for_s, signal].filter((one) => one !== undefined).length;
    const fault = (field: string, message: string, hint: string): Fault[] => [
      { code: 'bad-wait', at: `${at}${field}`, message, hint },
    ];
    if (given !== 1) {
      const message = `"${node.id}" waits for ${given === 0 ? 'nothing' : 'several things'}`;
      return fault('/for_s', message, 'give exactly one of until, for_s and signal');
    }
    if (until !== undefined && !isTime(until)) {
      return fault('/until', `"${until}" is no point in time`, 'write such as 2030-01-31T09:00:00Z, with its zone');
    }
    if (signal !== undefined && !ID_PATTERN.test(signal)) {
      return fault('/signal', `"${signal}" is no name`, 'use 1–64 of a–z, 0–9, dot, dash and underscore');
    }
    return [];
  },

  brief: (node, facts) => ({ ...commonBrief(node, facts), goal: node.task ?? `Wait: ${node.id}` }),
};

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}
