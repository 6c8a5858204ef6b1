// /sprint_close: ends a sprint, and asks where its unfinished tasks go.

import { openSprints } from './complete.ts';
import { call, type Prompt, present, steps } from './define.ts';

export const sprintClose: Prompt = {
  name: 'sprint_close',
  title: 'Close a sprint',
  description: 'End a sprint: what was reached, what is carried over and where to',
  arguments: [
    { name: 'sprint', description: 'Which sprint; default the current one', complete: openSprints },
    {
      name: 'carry_to',
      description: 'The sprint that takes what is unfinished, or backlog',
      complete: (view, services) => ['backlog', ...openSprints(view, services)],
    },
  ],
  text: ({ sprint, carry_to }) => `Close the sprint${sprint === undefined ? '' : ` ${sprint}`}.

${steps(
  `See where it stands, and take its id and version from the answer.${call('sprint_board', present({ sprint }))}`,
  `If it names a run, the sprint cannot end under it: let it finish, or end it when I say so.` +
    `${call('run_control', { run: '<the run>', action: 'cancel', reason: 'the sprint ends' })}`,
  'Tell me what was reached of its goal, what is unfinished and why, and what held it up longest. Propose for ' +
    'each unfinished task whether it is carried over, goes to the backlog or is dropped, and wait for my word.',
  `Drop what I say is to be dropped, and move what goes elsewhere than the rest.${call('task_save', {
    id: '<the ' + 'task>',
    status: 'cancelled',
  })}${call('task_save', { id: '<another task>', sprint: 'backlog' })}`,
  `End the sprint; what is unfinished goes where I said.${call('sprint_save', {
    id: sprint ?? '<the ' + 'sprint>',
    status: 'completed',
    carry_to: carry_to ?? 'backlog',
  })}`,
  `Tell the others in three lines: reached, carried over, learned.` +
    `${call('message_send', {
      to: 'all',
      kind: 'report',
      text: '<what was reached, what was carried over, what we ' + 'learned>',
    })}`,
  `Show how fast the last sprints went now.${call('dashboard_get', { view: 'sprint' })}`,
)}`,
};
