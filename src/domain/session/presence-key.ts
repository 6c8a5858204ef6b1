// The name under which an agent's presence is noted. Used by every aggregate whose leases rest on presence. Pure.

import { hash } from 'node:crypto';
import { isId } from '../../store/stream.ts';

/**
 * Under which name an agent's presence is noted: `<session>.<agent>`, lower-cased; a name that is no id within that is
 * replaced by its hash. Unique across sessions, so that equal names in two windows never renew each other's leases.
 */
export function agentKey(session: string, agent: string): string {
  const key = `${session}.${agent.toLowerCase()}`;
  return isId(key) ? key : `${session}.${hash('sha256', agent).slice(0, 16)}`;
}
