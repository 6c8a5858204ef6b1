// Short commands for what people do most: each is a call of a tool with some of its arguments given. Used by
// tool-command.ts beside the commands that are generated from the tools.

import type { JsonObject } from '../json/json.ts';

export interface Shortcut {
  noun: string;
  verb: string;
  summary: string;
  tool: string;
  /** Arguments of the tool that are given by position. */
  positional: readonly string[];
  /** True if the first of them must be given. */
  needed?: true;
  /** Arguments that the command gives. */
  fixed: JsonObject;
  example: string;
}

const saved = (noun: string, tool: string, verb: string, fixed: JsonObject, summary: string, id: string): Shortcut => ({
  ...{ noun, verb, summary, tool, fixed },
  positional: ['id'],
  needed: true,
  example: `baton ${noun} ${verb} ${id}`,
});

const listed = (noun: string, kind: string, example: string): Shortcut => ({
  ...{ noun, verb: 'list', summary: `List ${kind}s`, tool: 'plan_list', fixed: { kind } },
  positional: ['text'],
  example,
});

const added = (noun: string, tool: string, fixed: JsonObject, example: string): Shortcut => ({
  ...{ noun, verb: 'add', summary: `Add ${noun === 'epic' ? 'an' : 'a'} ${noun}`, tool, fixed },
  positional: ['title'],
  example,
});

export const shortcuts: readonly Shortcut[] = [
  added('task', 'task_save', {}, 'baton task add "Write the parser" --points 3 --needs TSK-1'),
  listed('task', 'task', 'baton task list --status ready'),
  saved('task', 'task_save', 'start', { status: 'active' }, 'Begin a task', 'TSK-1'),
  saved('task', 'task_save', 'done', { status: 'done' }, 'Finish a task', 'TSK-1'),
  added('epic', 'epic_save', {}, 'baton epic add "Sign-in" --priority 1'),
  listed('epic', 'epic', 'baton epic list --status open'),
  saved('epic', 'epic_save', 'done', { status: 'completed' }, 'Complete an epic', 'EPC-1'),
  added('sprint', 'sprint_save', {}, 'baton sprint add "Week 49" --goal "Sign-in works"'),
  listed('sprint', 'sprint', 'baton sprint list --status active'),
  saved('sprint', 'sprint_save', 'start', { status: 'active' }, 'Start a sprint', 'SPR-1'),
  saved('sprint', 'sprint_save', 'end', { status: 'completed' }, 'End a sprint', 'SPR-1'),
  listed('project', 'project', 'baton project list'),
  {
    ...{ noun: 'state', verb: 'list', summary: 'List the keys of the state', tool: 'state_get' },
    ...{ positional: ['path'], fixed: { keys_only: true }, example: "baton state list '$.tasks'" },
  },
];
