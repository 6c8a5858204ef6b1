// What a process tells of itself and of a session that it starts, and what it is answered. Used by session-binding.ts.

import type { View } from '../documents/documents.ts';
import type { Request } from '../documents/requests.ts';
import type { StartAnswer } from '../domain/session/commands.ts';
import type { Handoff, SessionMode, Workspace } from '../domain/session/document.ts';
import type { Released } from './let-go.ts';

export interface BindingOptions {
  user: string;
  /** BATON_SESSION. */
  session?: string | undefined;
  /** The client's own session id, from its environment. */
  clientSession?: string | undefined;
  /** A person's command line: what it does is the person's, whatever session it acts in. */
  person?: boolean;
  workspace: Workspace;
  /** True for a server, which serves its session until the process ends; the command line only uses one. */
  serves: boolean;
  /** Ids of open tasks assigned to a session. A hint: accepting a handoff checks the tasks themselves. */
  tasksOf?: ((view: View, session: string) => string[]) | undefined;
  /** Writes nothing and starts no session: calls use the newest open one. */
  readOnly?: boolean | undefined;
}

export interface StartOptions {
  mode?: SessionMode | undefined;
  resume?: 'auto' | 'new' | undefined;
  name?: string | undefined;
  sprint?: string | undefined;
  request?: Request | undefined;
  /** The handoff to accept in the same commit. */
  handoff?: string | undefined;
  trace?: string | undefined;
  deadlineAt?: number | undefined;
}

/** The answer of session_start, with the handoff that it accepted. */
export interface Started extends StartAnswer {
  taken?: Handoff;
  /** Pointers to the giver's values that did not move, because the session has others there. */
  kept?: string[];
  /** What the giver held and the session did not get: it was given back. */
  released?: Released;
}
