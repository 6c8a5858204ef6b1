// The kind `approval`: a question that a person or another agent answers. No agent answers for its own work.

import type { Json } from '../../json/json.ts';
import type { Fault, GraphNode } from '../graph.ts';
import { commonBrief, type NodeKind } from './define.ts';

/** What an option makes of the node. */
export type OptionOutcome = 'finished' | 'failed';

export interface ApprovalNode extends GraphNode {
  kind: 'approval';
  /** The question. */
  ask: string;
  /** The answers to choose from; absent: approve and reject. */
  options?: Record<string, Json>;
  /** Who may answer: `person`, `anyone`, or names of agents. Absent: anyone but the author of what it needs. */
  who?: string[];
  /** How many must choose the same option. Absent: 1. */
  k?: number;
  deadline_s?: number;
  /** The option that counts when the deadline has passed; absent: the node fails. */
  on_deadline?: string;
  /** Nodes that run again, with what follows them, after a rejection; then it is asked anew. */
  on_reject?: string[];
}

const MAX_DEADLINE_S = 366 * 24 * 3_600;
const NAME = { type: 'text', max: 64 } as const;

export const approval: NodeKind<ApprovalNode> = {
  kind: 'approval',
  performer: 'person',
  begins: 'awaiting',
  defaultEffect: 'pure',
  fields: {
    ask: { type: 'text', max: 4_000, about: 'the question', unlisted: true },
    options: {
      type: 'map',
      of: { type: 'json' },
      about: 'answers with their outcome, finished or failed; default approve and reject',
      unlisted: true,
    },
    who: {
      type: 'list',
      of: NAME,
      max: 50,
      about: 'person, or names of agents; default anyone but the author of what it needs',
      unlisted: true,
    },
    k: { type: 'number', whole: true, min: 1, max: 50, about: 'how many must choose one option', unlisted: true },
    deadline_s: { type: 'number', min: 1, max: MAX_DEADLINE_S, about: 'how long it may be open', unlisted: true },
    on_deadline: { ...NAME, about: 'the option that counts then; default: the node fails', unlisted: true },
    on_reject: {
      type: 'list',
      of: NAME,
      max: 100,
      about: 'nodes that run again after a rejection, before it is asked anew',
      unlisted: true,
    },
  },
  requires: ['ask'],
  summary: 'a question that a person, or another agent than the author, answers',
  example: { id: 'release', kind: 'approval', ask: 'Publish version 2?', deadline_s: 86_400 },

  check(node, at) {
    const faults: Fault[] = [];
    const add = (field: string, message: string, hint: string): void => {
      faults.push({ code: 'bad-approval', at: `${at}/${field}`, message, hint });
    };
    if (node.ask === undefined || node.ask.trim() === '')
      add('ask', `"${node.id}" asks nothing`, 'say in "ask" what is to be decided');
    const options = optionsOf(node);
    for (const [name, outcome] of Object.entries(node.options ?? {})) {
      if (outcome === 'finished' || outcome === 'failed') continue;
      add(`options/${name}`, `the option "${name}" has no outcome`, 'give it "finished" or "failed"');
    }
    if (options.size === 0) add('options', `"${node.id}" has no options`, 'name some, or leave options out');
    if (node.on_deadline !== undefined && !options.has(node.on_deadline))
      add('on_deadline', `"${node.on_deadline}" is no option`, `use one of ${[...options.keys()].join(', ')}`);
    if (node.on_deadline !== undefined && node.deadline_s === undefined)
      add('on_deadline', `"${node.id}" has no deadline`, 'give deadline_s, or leave on_deadline out');
    for (const [i, one] of (node.on_reject ?? []).entries()) {
      if (node.needs?.includes(one)) continue;
      add(`on_reject/${i}`, `"${one}" is none of its needs`, 'name nodes that it needs');
    }
    return faults;
  },

  brief: (node, facts) => ({ ...commonBrief(node, facts), goal: node.ask }),
};

/** The options of an approval with what each makes of the node. */
export function optionsOf({ options }: Pick<ApprovalNode, 'options'>): Map<string, OptionOutcome> {
  if (options === undefined)
    return new Map([
      ['approve', 'finished'],
      ['reject', 'failed'],
    ]);
  return new Map(
    Object.entries(options).map(([name, outcome]) => [name, outcome === 'failed' ? 'failed' : 'finished']),
  );
}
