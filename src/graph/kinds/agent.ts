// The kind `agent`: work that an agent claims, does and reports.

import type { Fault, GraphNode } from '../graph.ts';
import { commonBrief, type NodeKind } from './define.ts';

export interface AgentNode extends GraphNode {
  kind: 'agent';
  task: string;
  /** Only the agent of this name may claim it. */
  agent?: string;
  /** After timeouts.wait_s without a claim, the agent of this name may too. */
  fallback?: string;
  /** Only an agent that has all of these may claim it. */
  skills?: string[];
  /** The expected result, in words. */
  output?: string;
}

export const agent: NodeKind<AgentNode> = {
  kind: 'agent',
  performer: 'agent',
  // An agent that starts again finds its earlier work in the workspace and continues it.
  defaultEffect: 'idempotent',
  fields: {
    agent: { type: 'text', max: 64, about: 'only the agent of this name may claim it' },
    fallback: {
      type: 'text',
      max: 64,
      about: 'the agent that may claim it too once nobody has within timeouts.wait_s',
      unlisted: true,
    },
    skills: { type: 'list', of: { type: 'text', max: 64 }, max: 20, about: 'only an agent that has all of them may' },
    output: { type: 'text', max: 2_000, about: 'what the result should hold, in words' },
  },
  requires: ['task'],
  summary: 'work for an agent: it claims the node, gets the task as its brief, and reports the result',
  example: { id: 'review', kind: 'agent', task: 'Review the diff for missing tests.', skills: ['review'] },

  check(node, at) {
    const faults: Fault[] = [];
    if (node.task === undefined || node.task.trim() === '') {
      faults.push({
        code: 'task-missing',
        at: `${at}/task`,
        message: `"${node.id}" has no task, so an agent that claims it would not know what to do`,
        hint: 'say in "task" what to do and when it counts as done; the agent gets no other context',
      });
    }
    if (node.agent !== undefined && node.agent.trim() === '') {
      const hint = 'name an agent, or leave it out so that any agent may claim the node';
      faults.push({ code: 'bad-value', at: `${at}/agent`, message: 'the agent has no name', hint });
    }
    for (const [i, skill] of (node.skills ?? []).entries()) {
      if (skill.trim() !== '') continue;
      const hint = 'remove it';
      faults.push({ code: 'bad-value', at: `${at}/skills/${i}`, message: 'the skill has no name', hint });
    }
    return faults;
  },

  brief(node, facts) {
    return {
      ...commonBrief(node, facts),
      ...(node.output !== undefined && { output: node.output }),
      ...(node.agent !== undefined && { agent: node.agent }),
      ...(node.skills && { skills: [...node.skills] }),
    };
  },

  wanted: ({ agent, skills, fallback }) => ({ agent, skills, fallback }),
};
