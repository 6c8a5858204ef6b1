// /review: checks finished work against its task or run, as somebody who did not do it.

import { parsePlanId, showId } from '../domain/plan/ids.ts';
import { openRuns, openTasks } from './complete.ts';
import { call, type Prompt, steps } from './define.ts';

export const review: Prompt = {
  name: 'review',
  title: 'Review work',
  description: 'Check finished work against what was asked, with evidence',
  arguments: [
    {
      name: 'what',
      description: 'A task or a run; default the tasks in review',
      complete: (view, services) => [...openTasks(view, services).map(showId), ...openRuns(view, services)],
    },
    {
      name: 'focus',
      description: 'What to look at most',
      complete: () => ['tests', 'errors', 'security', 'speed', 'names'],
    },
  ],
  text: ({ what, focus }) => {
    const task = what === undefined ? undefined : parsePlanId('task', what)?.toUpperCase();
    const look = focus === undefined ? '' : ` Look most at ${JSON.stringify(focus)}.`;
    return what !== undefined && task === undefined ? runText(what, look) : taskText(task, look);
  },
};

function taskText(task: string | undefined, look: string): string {
  const id = task ?? '<the task>';
  return `Review ${task ?? 'the tasks in review'} as somebody who did not do the work.${look}

${steps(
  task === undefined
    ? `List what is in review; then for each:` +
        `${call('plan_list', { kind: 'task', status: 'review', detail: 'full', limit: 10 })}`
    : `Read what was asked.${call('plan_list', { kind: 'task', text: id, detail: 'full' })}`,
  'Read the change itself, not what is said of it. Run its tests. A claim without evidence counts as not done.',
  'Write down each finding with its place: what is wrong, how it shows, what would put it right. Tell what must ' +
    'be put right from what could be better.',
  `If nothing must be put right:${call('task_save', { id, status: 'done' })}`,
  `Else give it back, and tell whoever did it.${call('task_save', { id, status: 'active' })}` +
    `${call('message_send', { to: '<the session>', kind: 'report', text: '<the findings, each with its place>' })}`,
  `What you found that is not part of it becomes a task of its own.${call('task_save', {
    title: '<what is to be ' + 'done>',
    discovered_from: id,
  })}`,
)}`;
}

function runText(run: string, look: string): string {
  return `Review what the run ${run} made, as somebody who did not do the work.${look}

${steps(
  `See its nodes.${call('run_status', { run, limit: 100 })}`,
  `Read each finished node with its output and evidence.${call('run_status', { run, node: '<its id>' })}`,
  'Look at what it changed, not at what its summary says, and run its tests. Evidence is worth most where a ' +
    'server ran it, less where an agent claims it.',
  `What is wrong is done again; the reason goes with it.` +
    `${call('run_control', { run, action: 'retry_node', node: '<its id>', reason: '<what is wrong>' })}`,
  `Tell the others what you found.${call('message_send', {
    to: 'all',
    kind: 'report',
    text: '<the findings, each ' + 'with its node>',
  })}`,
)}`;
}
