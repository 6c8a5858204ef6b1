// Failures about sessions, handoffs and changes of status.

import { quoted, visible } from '../base/display.ts';
import { type FailureTable, near } from './table.ts';

type SessionCode = 'unknown-session' | 'session-ended' | 'unknown-handoff' | 'illegal-transition';

export const sessionFailures: FailureTable<SessionCode> = {
  'unknown-session': {
    kind: 'other',
    what: ({ session }) => `There is no session ${quoted(session)}`,
    why: near,
    next: ({ variable }) =>
      variable === undefined
        ? 'call session_list, or session_start to begin one'
        : `${variable} names it: correct or unset that (session_list shows those there are), or call ` +
          'session_start {resume: "new"}',
  },
  'session-ended': {
    kind: 'other',
    what: ({ session }) => `The session ${quoted(session)} has ended`,
    why: ({ status }) => `its status is ${visible(status)}`,
    next: 'call session_start to begin or resume one, or session_recover to see what it left',
  },
  'unknown-handoff': {
    kind: 'other',
    what: ({ handoff }) => `There is no open handoff ${quoted(handoff)}`,
    why: 'it was never offered, has been accepted, or has expired',
    next: 'call session_start without handoff: its answer names the offers that are open',
  },
  'illegal-transition': {
    kind: 'other',
    what: ({ what, from, to }) => `${visible(what)} cannot go from ${visible(from)} to ${visible(to)}`,
    why: ({ legal, from }) =>
      legal.length > 0
        ? `from ${visible(from)} it can go to ${legal.map(visible).join(', ')}`
        : `${visible(from)} is final`,
    next: ({ call }) => `call ${visible(call)}`,
  },
};
