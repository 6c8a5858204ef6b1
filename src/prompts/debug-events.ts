// /debug_events: finds out from the log what happened, in which order and by whom.

import { eventTypes } from '../domain/events.ts';
import { taskStream } from '../domain/plan/ids.ts';
import { openRuns, openSessionIds, openTasks } from './complete.ts';
import { call, type Prompt, present, steps } from './define.ts';

export const debugEvents: Prompt = {
  name: 'debug_events',
  title: 'Debug by the log',
  description: 'Find out what happened, in which order and by whom, from the log',
  arguments: [
    {
      name: 'stream',
      description: 'Of what: session/…, run/…, task/… or a prefix such as task/',
      complete: (view, services) => [
        ...['session/', 'run/', 'task/', 'sprint/', 'project/'],
        ...openSessionIds(view, services).map((id) => `session/${id}`),
        ...openRuns(view, services).map((id) => `run/${id}`),
        ...openTasks(view, services).map(taskStream),
      ],
    },
    {
      name: 'type',
      description: 'Of which type, such as node.failed or node.',
      complete: () => Object.keys(eventTypes),
    },
  ],
  text: ({ stream, type }) => `Find out what happened${stream === undefined ? '' : ` to ${stream}`} from the log.

${steps(
  `Read the newest events. events_query is listed only if the server was started with it ` +
    `(BATON_TOOLSETS=default,events_query); without it the command line shows the same: baton log ` +
    `${stream === undefined ? '' : `--stream ${JSON.stringify(stream)} `}--limit 50` +
    `${call('events_query', present({ stream, type, limit: 50 }))}`,
  `Go further back with the cursor that was answered, or to a place you know.` +
    `${call('events_query', present({ stream, type, from: 1, to: 100, order: 'oldest' }))}`,
  `Look closely at what you suspect, with what each event changed.` +
    `${call('events_query', present({ stream, type, limit: 5, patch: true }))}`,
  `Is the store itself sound? Void lines are lost races and normal; torn lines are crashes.` +
    `${call('dashboard_get', { view: 'health' })}`,
)}

Then tell the story in order, each step with its seq, its author and its tool, and say which step is the cause. \
Say what you cannot know from the log.`,
};
