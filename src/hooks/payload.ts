// From the JSON that a client hands to its hooks (Claude Code's, whose names these are) to what Baton makes of it. Used
// by cli/verbs/hook.ts, which gets it on stdin, and by tools/hook-event.ts, which gets parts of it as arguments.

import type { AgentEvent } from '../domain/session/agents.ts';

/** Those that change what is known. */
export const HOOK_EVENTS = [
  'SubagentStart',
  'SubagentStop',
  'TeammateIdle',
  'TaskCreated',
  'TaskCompleted',
  'SessionStart',
  'SessionEnd',
] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** The parts that are looked at. A client's template fills what an event does not have with an empty text. */
export interface HookPayload {
  hook_event_name: HookEvent;
  agent_id?: string | undefined;
  agent_type?: string | undefined;
  teammate_name?: string | undefined;
}

export function isHookEvent(name: unknown): name is HookEvent {
  return HOOK_EVENTS.some((event) => event === name);
}

/** What an event says of agents. One that lacks what it should have says only that the client is there. */
export function eventOf({ hook_event_name, agent_id, agent_type, teammate_name }: HookPayload): AgentEvent {
  switch (hook_event_name) {
    case 'SubagentStart':
      return agent_id ? { kind: 'started', agent: agent_id, type: agent_type ?? '' } : { kind: 'seen' };
    case 'SubagentStop':
      return agent_id ? { kind: 'stopped', agent: agent_id } : { kind: 'seen' };
    case 'TeammateIdle':
      return teammate_name ? { kind: 'idle', teammate: teammate_name } : { kind: 'seen' };
    case 'TaskCreated':
    case 'TaskCompleted':
      return teammate_name ? { kind: 'active', teammate: teammate_name } : { kind: 'seen' };
    case 'SessionStart':
      return { kind: 'seen' };
    case 'SessionEnd':
      return { kind: 'over' };
  }
}
