// The name under which an agent's presence is noted. Used by all code that looks up or notes the presence of agents.
// Pure.

import { hash } from 'node:crypto';
import { isId } from '../../store/stream.ts';

/**
 * The presence key of an agent: `<session>.<agent>` in lower case; if that is no valid id, a hash replaces the agent's
 * name. It holds the session, so that equal names in two windows never renew each other's leases.
 */
export function agentKey(session: string, agent: string): string {
  const key = `${session}.${agent.toLowerCase()}`;
  return isId(key) ? key : `${session}.${hash('sha256', agent).slice(0, 16)}`;
}
