// The kind `agent`: work that an agent claims, does and reports.

import { copyJson, isObject, type Json } from '../../json/json.ts';
import type { Fault, GraphNode } from '../graph.ts';
import { staysInside } from './command.ts';
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
  /** When it counts as done: what somebody could check, one by one. */
  acceptance?: string[];
  /** The files that it may change, as paths and globs below the workspace. */
  allowed_paths?: string[];
  /** A JSON Schema of the result. */
  output_schema?: Record<string, Json>;
}

/** Items of a list of texts. */
const MAX_LISTED = 50;

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
    acceptance: {
      type: 'list',
      of: { type: 'text', max: 1_000 },
      max: MAX_LISTED,
      about: 'when it counts as done, one by one',
      unlisted: true,
    },
    allowed_paths: {
      type: 'list',
      of: { type: 'text', max: 500 },
      max: MAX_LISTED,
      about: 'the files that it may change: paths and globs below the workspace, told in its brief',
      unlisted: true,
    },
    output_schema: { type: 'json', about: 'a JSON Schema of the result, told in its brief', unlisted: true },
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
    for (const field of ['skills', 'acceptance', 'allowed_paths'] as const)
      for (const [i, text] of (node[field] ?? []).entries()) {
        if (text.trim() === '')
          faults.push({
            code: 'bad-value',
            at: `${at}/${field}/${i}`,
            message: 'the text is empty',
            hint: 'remove it',
          });
        else if (field === 'allowed_paths' && !staysInside(text)) faults.push(outside(text, `${at}/${field}/${i}`));
      }
    if (node.output_schema !== undefined && !isObject(node.output_schema as Json)) {
      const hint = 'give a JSON Schema, such as {"type": "object", "required": ["files"]}';
      faults.push({ code: 'bad-value', at: `${at}/output_schema`, message: 'the schema is no object', hint });
    }
    return faults;
  },

  brief(node, facts) {
    return {
      ...commonBrief(node, facts),
      ...(node.output !== undefined && { output: node.output }),
      ...(node.agent !== undefined && { agent: node.agent }),
      ...(node.skills && { skills: [...node.skills] }),
      ...(node.acceptance && { acceptance: [...node.acceptance] }),
      ...(node.allowed_paths && { allowed_paths: [...node.allowed_paths] }),
      ...(node.output_schema && { output_schema: copyJson(node.output_schema) }),
    };
  },

  wanted: ({ agent, skills, fallback }) => ({ agent, skills, fallback }),
};

function outside(path: string, at: string): Fault {
  const message = `"${path.slice(0, 80)}" leaves the workspace`;
  return { code: 'bad-value', at, message, hint: 'give a path relative to the workspace, such as "src/api/**"' };
}
