// /sprint_plan: turns a goal into a sprint of tasks with their needs.

import { epicTitles, velocities } from './complete.ts';
import { call, fresh, type Prompt, steps } from './define.ts';

export const sprintPlan: Prompt = {
  name: 'sprint_plan',
  title: 'Plan a sprint',
  description: 'Turn a goal into a sprint of tasks with points and needs',
  arguments: [
    { name: 'goal', description: 'What the sprint is to achieve', required: true, complete: epicTitles },
    { name: 'capacity', description: 'Points it has room for', complete: velocities },
  ],
  text: ({ goal = '', capacity }) => {
    const room = Number.parseFloat(capacity ?? '');
    const sprint = {
      title: goal.slice(0, 80) || 'Sprint',
      goal,
      status: 'planned',
      ...(room >= 0 ? { capacity: room } : {}),
    };
    return `Plan a sprint with this goal: ${JSON.stringify(goal)}

${steps(
  `See what is planned already and how fast the last sprints went.${call('dashboard_get', { view: 'sprint' })}`,
  `See what lies in the backlog and could belong to it.` +
    `${call('plan_list', { kind: 'task', status: 'open', parent: 'backlog', limit: 50 })}`,
  'Read what you need of the code to cut the work into tasks that one agent finishes in one sitting, each with a ' +
    'title that says what is done when it is done, points, and only those needs without which it cannot start. A ' +
    'parent never blocks its parts; needs do.',
  `Show me the plan with its total of points against ${room >= 0 ? `the capacity of ${room}` : 'the velocity'}, ` +
    `and wait for my word.`,
  `Then save all of it in one call. It is made whole or not at all; a refusal names every fault at once.${call(
    'plan_save',
    {
      sprint,
      tasks: [
        { key: 'schema', title: 'Write the schema', points: 2 },
        { key: 'api', title: 'Serve it', points: 3, needs: ['schema'] },
      ],
      request_id: fresh('plan'),
    },
  )}`,
  `What lies in the backlog and belongs to it moves in, with the id of the sprint that was answered.` +
    `${call('task_save', { id: '<the task>', sprint: '<the sprint>' })}`,
  `Begin it when I say so, and join it.${call('sprint_save', { id: '<the sprint>', status: 'active', join: true })}`,
)}`;
  },
};
