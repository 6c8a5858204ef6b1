// The top-level keys of a session document that the state tools treat apart.

/**
 * Top-level keys of a session document that state tools must not write, with their owner and the call to use instead.
 */
export const RESERVED: Readonly<Record<string, { owner: string; call: string }>> = {
  session: { owner: 'the session itself', call: 'session_update' },
  schema: { owner: 'the store', call: 'state_get' },
  organization: { owner: 'the project', call: 'project_save' },
  communication: { owner: 'messages and locks', call: 'message_send' },
  observability: { owner: 'the server', call: 'dashboard_get' },
};

/** Keys that are computed when a session is read, and not stored in it. */
export const JOINED_KEYS = ['organization', 'communication', 'observability'] as const;
