// What a call ended in. Made by tools/call/call.ts; told to the client, counted and traced.

import type { Failure } from '../failure/failure.ts';

/** What a call ended in. `json` is the answer's text, made once to measure it, and inert: see display.ts. */
export type Outcome =
  | { kind: 'answer'; value: object; json: string }
  | { kind: 'failure'; failure: Failure; text: string }
  | { kind: 'bug'; id: string; text: string };
