// The priority of a session in emergency mode: its messages and new tasks get priority 1 unless one is given. Used by
// the tools that send and plan; run_claim checks the mode itself, by views/session/sessions.ts.

import type { Services } from '../../app/services.ts';
import { inEmergency } from '../../views/session/sessions.ts';
import type { Call } from '../define.ts';

const MOST_URGENT = 1;

/** The priority for an item without one; undefined outside of emergencies, when the usual default applies. */
export function urgencyOf({ services }: Call<Services>): number | undefined {
  const { documents, sessions } = services;
  return documents.peek((view) => {
    const session = sessions.find(view);
    const urgent = session !== undefined && inEmergency(view, documents.presence, session, Date.now());
    return urgent ? MOST_URGENT : undefined;
  });
}
