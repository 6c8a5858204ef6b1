// Failures about tasks, epics and sprints, and about names of teams, agents, messages, locks and decisions.

import { quoted, visible } from '../base/display.ts';
import { type FailureTable, firstOf, near } from './table.ts';

type PlanCode = 'not-found' | 'unknown-item' | 'dependency-cycle' | 'needs-open' | 'confirm-needed';

export const planFailures: FailureTable<PlanCode> = {
  'not-found': {
    kind: 'other',
    what: ({ what, name }) => `There is no ${visible(what)} ${quoted(name)}`,
    why: near,
    next: ({ call }) => `call ${visible(call)}`,
  },
  'unknown-item': {
    kind: 'other',
    what: ({ kind, id }) => `There is no ${visible(kind)} ${quoted(id)}`,
    why: near,
    next: ({ kind }) => `call plan_list {kind: "${visible(kind)}"} to see those there are`,
  },
  'dependency-cycle': {
    kind: 'input',
    what: 'That would make a task wait for itself',
    why: ({ steps }) => firstOf(steps),
    next: 'leave one of these needs or parents out, and repeat the call',
  },
  'needs-open': {
    kind: 'other',
    what: ({ what }) => `${visible(what)} cannot be started or finished yet`,
    why: ({ waitsFor }) => `it needs ${firstOf(waitsFor)}`,
    next: 'finish those first; plan_list {kind: "task", status: "ready"} shows what can be started now',
  },
  'confirm-needed': {
    kind: 'other',
    what: ({ what }) => `${visible(what)} was not done, since it would do more`,
    why: ({ would }) => firstOf(would),
    next: ({ call }) => `call ${visible(call)}`,
  },
};
