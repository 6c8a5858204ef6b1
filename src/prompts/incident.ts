// /incident: stops the damage, tells everybody, finds the cause and puts it right.

import { openRuns } from './complete.ts';
import { call, type Prompt, steps } from './define.ts';

export const incident: Prompt = {
  name: 'incident',
  title: 'Incident',
  description: 'Something is on fire: stop, tell, find, put right, write down',
  arguments: [
    { name: 'what', description: 'What is wrong', required: true },
    { name: 'run', description: 'The run to stop, if it is one', complete: openRuns },
  ],
  text: ({ what = '', run }) => {
    const stopped = run ?? '<the run>';
    return `There is an incident: ${JSON.stringify(what)}

${steps(
  `Say that you are on it: beginning an emergency tells everybody, and it ends by itself after four hours.` +
    `${call('session_start', { mode: 'emergency', resume: 'new', name: what.slice(0, 60) || 'incident' })}`,
  run === undefined
    ? `See which runs are under way, and pause what could make it worse. Nothing is lost by a pause.` +
        `${call('run_status', { status: 'running' })}` +
        `${call('run_control', { run: stopped, action: 'pause', reason: '<why>' })}`
    : `Pause the run. Nothing is lost by a pause.` +
        `${call('run_control', { run, action: 'pause', reason: what.slice(0, 200) || 'incident' })}`,
  `Tell everybody what is known by now.` +
    call('message_send', { to: 'all', kind: 'alert', priority: 1, text: what.slice(0, 1000) || '<what is wrong>' }),
  `Is the store well, and what does it say to do?${call('dashboard_get', { view: 'health', detail: 'full' })}`,
  `What is in flight, and what waits for a decision?${call('dashboard_get', { view: 'runs' })}`,
  `Find the cause by what happened before it, from the log: events_query, or baton log --limit 100 in a shell.` +
    `${call('events_query', { limit: 100 })}`,
  'Tell me cause, damage and the smallest step that puts it right, and wait for my word before you change anything.',
  `Then go on.${call('run_control', { run: stopped, action: 'resume', reason: '<what was put right>' })}`,
  `Say that it is over: what happened, why, what was lost, what keeps it from happening again. Then end the ` +
    `session.${call('message_send', { to: 'all', kind: 'report', text: '<what, why, lost, prevented by>' })}` +
    `${call('session_update', { status: 'completed' })}`,
)}`;
  },
};
