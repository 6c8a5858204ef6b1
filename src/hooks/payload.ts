// Translates the JSON that a client hands to its hooks into an AgentEvent. Field and event names are Claude Code's.
// Used by cli/verbs/hook.ts, which reads the JSON on stdin, and by tools/hook-event.ts, which gets its fields as
// arguments.

import type { AgentEvent } from '../domain/session/agents.ts';

/** The client's events that change what Baton knows of agents; all others are ignored. */
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

/** The fields that are read. A client's template fills a field that its event lacks with an empty string. */
export interface HookPayload {
  hook_event_name: HookEvent;
  agent_id?: string | undefined;
  agent_type?: string | undefined;
  teammate_name?: string | undefined;
}

export function isHookEvent(name: unknown): name is HookEvent {
  return HOOK_EVENTS.some((event) => event === name);
}

/** What an event says of agents. An event without its agent's name or id says only that the client is alive. */
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
