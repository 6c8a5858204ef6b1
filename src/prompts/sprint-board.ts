// /sprint_board: shows the board of a sprint, and asks what to start next.

import { openSprints, workers } from './complete.ts';
import { call, type Prompt, present, steps } from './define.ts';

export const sprintBoard: Prompt = {
  name: 'sprint_board',
  title: 'Sprint board',
  description: 'Show the board of a sprint with what blocks it and what to take up next',
  arguments: [
    { name: 'sprint', description: 'Which sprint; default the current one', complete: openSprints },
    { name: 'assignee', description: 'Only the tasks of one', complete: workers },
  ],
  text: ({ sprint, assignee }) => `Show me the sprint board.

${steps(
  `Look at the board.${call('sprint_board', present({ sprint, assignee }))}`,
  'Print it as a table with a column for each status: id, title, assignee. Say how far the sprint is, and how ' +
    'many points are left of its capacity.',
  'Name each blocker with its reason and how long it has lasted, those first that hold up most.',
  'Propose what to take up next and who should, from the suggestions of the answer. Change nothing before I ' +
    'agree; then, for each task:' +
    call('task_save', { id: '<the task>', assignee: '<who>', status: 'active' }),
  `If the answer names a run, its tasks move with their nodes: claim them instead.` +
    `${call('run_claim', { run: '<the run>' })}`,
)}`,
};
