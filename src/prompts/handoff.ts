// /handoff: offers this session's work to another one, with all it needs to go on.

import { openSessionIds } from './complete.ts';
import { call, type Prompt, steps } from './define.ts';

export const handoff: Prompt = {
  name: 'handoff',
  title: 'Hand over',
  description: 'Give the work of this session to another one, with all it needs to go on',
  arguments: [
    {
      name: 'to',
      description: 'A session; default whoever comes next here',
      complete: (view, services) => ['new', ...openSessionIds(view, services)],
    },
    { name: 'why', description: 'What the receiver should know first' },
  ],
  text: ({ to, why }) => `Hand the work of this session over${to === undefined || to === 'new' ? '' : ` to ${to}`}.\
${why === undefined ? '' : ` To be known first: ${JSON.stringify(why)}`}

${steps(
  `See what is in flight and what you hold.${call('session_recover')}`,
  `See what the session remembers.${call('state_get', { path: '$', keys_only: true })}`,
  `Put down what you know and nobody else can find out: what you tried, what failed and why, what you assumed.` +
    `${call('state_merge', { path: '$.notes', value: { tried: ['<what>'], assumed: ['<what>'] } })}`,
  `Offer it. The summary is all that the receiver reads first: the goal, where it stands, what is next, what to \
beware of. Claims go along; they stay yours until it is accepted.${call('session_handoff', {
    to: to ?? 'new',
    summary: '<goal; where it stands; what to beware of>',
    next_steps: ['<the next step>'],
    decisions: ['<what was decided, and why>'],
    claims: 'all',
  })}`,
)}

Then give me the call of the answer that accepts it, and do no more work in this session.`,
};
