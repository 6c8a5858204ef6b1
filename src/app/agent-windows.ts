// Tells the windows of one session apart: under which presence key this process acts for an agent. A client that
// resumes a conversation in a second terminal starts a second server with the same session; without this, both would be
// one holder and be given the same claim. Made by services.ts; used by tools that claim or note presence.

import { agentKey } from '../domain/session/presence-key.ts';
import type { Presence } from '../store/port.ts';

/** More windows of one session than this share the last key: then they are one holder, as before. */
const MAX_WINDOWS = 9;

export class AgentWindows {
  private readonly presence: Presence;
  private readonly serves: boolean;
  /** By the agent's own key: the one that this process has announced. */
  private readonly taken = new Map<string, string>();

  constructor(presence: Presence, serves: boolean) {
    this.presence = presence;
    this.serves = serves;
  }

  /** Notes that the agent was active in this window. */
  touch(session: string, agent: string): void {
    const own = agentKey(session, agent);
    const taken = this.taken.get(own);
    this.presence.touch(own);
    // Locks go by the agent's own key, claims by that of the window.
    if (taken !== undefined && taken !== own) this.presence.touch(taken);
  }

  /**
   * The key to claim under: the agent's own, or one of its own for this window while another live process has announced
   * that. Once that process is gone and `holds` says that this window holds nothing, it takes the agent's own again,
   * and with it the claims that were left. A process that serves nothing takes the agent's own.
   */
  take(session: string, agent: string, holds: (key: string) => boolean): string {
    const own = agentKey(session, agent);
    if (!this.serves) return own;
    const before = this.taken.get(own);
    if (before === own || (before !== undefined && holds(before))) return before;
    for (let n = 1; n < MAX_WINDOWS; n += 1) {
      const key = n === 1 ? own : agentKey(session, `${agent}~${n}`);
      if (key !== before && !this.announce(key)) continue;
      if (before !== undefined && before !== key) this.presence.detach(before);
      this.taken.set(own, key);
      return key;
    }
    return before ?? own;
  }

  close(): void {
    for (const key of this.taken.values()) this.presence.detach(key);
    this.taken.clear();
  }

  /** True if no other live process has announced the key. Of two that announce it at once both withdraw. */
  private announce(key: string): boolean {
    const { presence } = this;
    if (presence.attachedElsewhere(key)) return false;
    presence.attach(key);
    if (!presence.attachedElsewhere(key)) return true;
    presence.detach(key);
    return false;
  }
}
