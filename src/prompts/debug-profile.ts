// /debug_profile: finds out from figures what is slow, what is refused, and where writers contend.

import listings from '../generated/tools.json' with { type: 'json' };
import { call, type Prompt, steps } from './define.ts';

export const debugProfile: Prompt = {
  name: 'debug_profile',
  title: 'Debug by figures',
  description: 'Find out what is slow or refused, from the figures of this server and of the log',
  arguments: [
    {
      name: 'what',
      description: 'What seems wrong, such as a tool that is slow',
      complete: () => listings.map(({ tool }) => tool.name),
    },
  ],
  text: ({ what }) => `Find out from the figures what is slow or refused.${
    what === undefined ? '' : ` What seems wrong: ` + `${JSON.stringify(what)}`
  }

${steps(
  `Read them. Those of calls are of this server process alone, since it began; those of the log are of all.` +
    `${call('dashboard_get', { view: 'metrics', detail: 'full' })}`,
  `Compare p50 with p99 and max: a high p99 beside a low p50 is waiting, a high p50 is work. Tools that wait on ` +
    `purpose (wait_s) are slow by wish.${call('dashboard_get', { view: 'health' })}`,
  "Void lines per commit say how often writers were in each other's way; each was decided again and nothing was lost.",
  'Look at what was refused: the same code many times is an agent that does not read its answers.',
)}

Then say what is wrong, with the figure that shows it, and what you would change. Without a figure say that you \
do not know.`,
};
