// Expected trouble as data: a closed union with one text per code. Functions of every room return these as `Result`;
// describe.ts turns one into words at the edge (tools, prompts, resources, the command line). A bug is no failure: it
// throws.

export type Result<T> = { ok: true; value: T } | { ok: false; failure: Failure };

/** One fault of an input: where it is (a JSON Pointer or an argument's name), and why it is refused. */
export interface InputIssue {
  at: string;
  why: string;
}

/** What stands where a write was refused: a short form of it, its last writer, and when that wrote. */
interface Present {
  present?: string;
  by?: string;
  at?: string;
}

export type Failure =
  // input
  | { code: 'invalid-input'; issues: InputIssue[]; expected?: string[] }
  | { code: 'unknown-tool'; tool: string; near: string[] }
  | { code: 'path-refused'; path: string; why: string }
  | { code: 'path-reserved'; path: string; owner: string; call: string }
  | { code: 'path-blocked'; path: string; at: string; found: string }
  | { code: 'value-refused'; at: string; why: string }
  | { code: 'schema-violated'; path: string; schema: string; rule: string; found: string }
  | { code: 'too-large'; what: string; limit: number; actual?: number; instead: string }
  | ({ code: 'etag-mismatch'; path: string; session?: string; expected: string; actual: string } & Present)
  | ({ code: 'already-exists'; path: string; session?: string } & Present)
  | ({ code: 'version-mismatch'; what: string; expected: number; actual: number; read: string } & Present)
  | { code: 'request-reused'; requestId: string }
  | { code: 'unknown-seq'; seq: string; newest: number; oldest?: number; list?: string }
  // sessions
  | { code: 'unknown-session'; session: string; near: string[]; variable?: string }
  | { code: 'session-ended'; session: string; status: string }
  | { code: 'unknown-handoff'; handoff: string }
  | { code: 'illegal-transition'; what: string; from: string; to: string; legal: string[]; call: string }
  // plans and teams
  | { code: 'not-found'; what: string; name: string; near: string[]; call: string }
  | { code: 'unknown-item'; kind: string; id: string; near: string[] }
  | { code: 'dependency-cycle'; steps: string[] }
  | { code: 'needs-open'; what: string; waitsFor: string[] }
  | { code: 'confirm-needed'; what: string; would: string[]; call: string }
  // graphs and runs
  | { code: 'unknown-graph'; graph: string; near: string[] }
  | { code: 'unknown-run'; run: string; near: string[] }
  | { code: 'unknown-node'; run: string; node: string; near: string[] }
  | { code: 'unknown-claim'; claim: string }
  | { code: 'stale-claim'; claim: string; why: string }
  /** `call`: what helps with this node, where it is more than another try. */
  | { code: 'node-not-ready'; node: string; why: string; call?: string }
  // the caller's situation
  | { code: 'read-only'; why: string }
  | { code: 'not-allowed'; what: string; why: string; how: string }
  | { code: 'rate-limited'; limit: number; retryAfterMs: number }
  | { code: 'deadline-exceeded'; what: string; afterMs: number }
  | { code: 'cancelled' }
  // the store
  | { code: 'contended'; tries: number; streams: string[] }
  | { code: 'outcome-unknown'; why: string }
  | { code: 'no-store'; dir: string }
  | { code: 'store-full'; syscall: string; errno: string }
  | { code: 'store-unwritable'; why: string }
  | { code: 'store-damaged'; file: string; offset: number; why: string }
  | { code: 'store-moved'; why: string }
  | { code: 'store-newer'; what: string; found: number; known: number }
  | { code: 'store-unsafe'; why: string; how: string };

export type FailureCode = Failure['code'];

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function fail(failure: Failure): { ok: false; failure: Failure } {
  return { ok: false, failure };
}

/** Carries a failure through code that has to throw, such as opening a store. Only the edge catches it. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.code);
    this.name = 'FailureError';
    this.failure = failure;
  }
}
