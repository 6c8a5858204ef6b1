// /generate_tasks: turns a text or a goal into tasks of the plan.

import { epicTitles, openSprints } from './complete.ts';
import { call, fresh, type Prompt, steps } from './define.ts';

export const generateTasks: Prompt = {
  name: 'generate_tasks',
  title: 'Generate tasks',
  description: 'Turn a requirement, a file or an issue into tasks with needs',
  arguments: [
    { name: 'source', description: 'A goal in words, or a file to read', required: true, complete: epicTitles },
    { name: 'sprint', description: 'The sprint they belong to; default the backlog', complete: openSprints },
  ],
  text: ({ source = '', sprint }) => `Make tasks of this: ${JSON.stringify(source)}

${steps(
  'If that names a file, read it. Read what you need of the code to know what is there already.',
  `See what is planned already, so that nothing is planned twice.` +
    `${call('plan_list', { kind: 'task', status: 'open', limit: 50 })}`,
  'Cut it into tasks that one agent finishes in one sitting. Each has a title that says what is done when it is ' +
    'done, a description that needs no other context, points from 1 to 8, and only those needs without which it ' +
    'cannot start.',
  'Show me the list with its needs and wait for my word.',
  `Save all of it in one call.${call('plan_save', {
    ...(sprint === undefined ? { epic: { title: source.slice(0, 80) || 'Epic' } } : { sprint: { id: sprint } }),
    tasks: [
      { key: 'parse', title: 'Parse the file', description: 'Given …, when …, then …', points: 2 },
      { key: 'report', title: 'Report what was found', points: 1, needs: ['parse'] },
    ],
    request_id: fresh('tasks'),
  })}`,
  'Tell me the ids, which tasks can be started at once and which path is the longest, as the answer says.',
)}`,
};
