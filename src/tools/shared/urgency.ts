// What an emergency puts first: messages and new tasks of a session in that mode have priority 1 where none is given.
// Used by the tools that send and plan; run_claim looks at the mode itself, by views/session/sessions.ts.

import type { Services } from '../../app/services.ts';
import { inEmergency } from '../../views/session/sessions.ts';
import type { Call } from '../define.ts';

const MOST_URGENT = 1;

/** The priority of what the caller did not give one to: undefined leaves it to whoever knows the usual one. */
export function urgencyOf({ services }: Call<Services>): number | undefined {
  const { documents, sessions } = services;
  return documents.peek((view) => {
    const session = sessions.find(view);
    const urgent = session !== undefined && inEmergency(view, documents.presence, session, Date.now());
    return urgent ? MOST_URGENT : undefined;
  });
}
