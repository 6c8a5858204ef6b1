// The outcome of a tool call. Made by tools/call/call.ts; sent to the client by mcp/server.ts or cli/tool-command.ts,
// and traced by traces/tracer.ts.

import type { Failure } from '../failure/failure.ts';

/** `json` is the answer's text: serialised once, when its size was checked, and inert as display.ts makes it. */
export type Outcome =
  | { kind: 'answer'; value: object; json: string }
  | { kind: 'failure'; failure: Failure; text: string }
  | { kind: 'bug'; id: string; text: string };
