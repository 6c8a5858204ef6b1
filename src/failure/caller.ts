// Failures of the caller's situation: what it may do here, how often, and for how long.

import { visible } from '../base/display.ts';
import { because, type FailureTable } from './table.ts';

type CallerCode = 'read-only' | 'not-allowed' | 'rate-limited' | 'deadline-exceeded' | 'cancelled';

export const callerFailures: FailureTable<CallerCode> = {
  'read-only': {
    kind: 'other',
    what: 'Nothing can be changed here now',
    why: because,
    next: 'use the tools that only read (state_get, plan_list, dashboard_get); `baton doctor` shows the way out',
  },
  'not-allowed': {
    kind: 'other',
    what: ({ what }) => `${visible(what)} is not allowed`,
    why: because,
    next: ({ how }) => visible(how),
  },
  'rate-limited': {
    kind: 'other',
    what: ({ limit }) => `More than ${limit} calls in one second`,
    why: 'each connection has a limit, so that a loop cannot starve others',
    next: ({ retryAfterMs }) =>
      `wait ${retryAfterMs} ms, then repeat; combine writes with state_batch or plan_save, wait with wait_s ` +
      `instead of polling`,
  },
  'deadline-exceeded': {
    kind: 'other',
    what: ({ what, afterMs }) => `${visible(what)} did not finish within ${afterMs} ms`,
    why: 'it was told to stop; a change may or may not have been made',
    next: 'look with state_get or run_status, or repeat with the same request_id: it takes effect once',
  },
  cancelled: {
    kind: 'other',
    what: 'The call was cancelled',
    why: 'the client asked for it, or the server is closing',
    next: 'repeat it with the same request_id if it is still wanted',
  },
};
