// What kind of trouble each failure is: the input, the store, or the situation. cli/complain.ts makes exit codes of it.

import type { FailureCode } from './failure.ts';

/** What kind of trouble a code is, for exit codes: the caller's input, the store, or the situation. */
export function failureKind(code: FailureCode): 'input' | 'store' | 'other' {
  return kinds[code];
}

const kinds: Record<FailureCode, 'input' | 'store' | 'other'> = {
  'invalid-input': 'input',
  'unknown-tool': 'input',
  'path-refused': 'input',
  'path-reserved': 'input',
  'path-blocked': 'input',
  'value-refused': 'input',
  'schema-violated': 'input',
  'too-large': 'input',
  'unknown-seq': 'input',
  'graph-invalid': 'input',
  'etag-mismatch': 'other',
  'already-exists': 'other',
  'version-mismatch': 'other',
  'request-reused': 'other',
  'unknown-session': 'other',
  'session-ended': 'other',
  'unknown-handoff': 'other',
  'illegal-transition': 'other',
  'not-found': 'other',
  'unknown-item': 'other',
  'dependency-cycle': 'input',
  'needs-open': 'other',
  'confirm-needed': 'other',
  'unknown-graph': 'other',
  'unknown-run': 'other',
  'unknown-node': 'other',
  'unknown-claim': 'other',
  'stale-claim': 'other',
  'node-not-ready': 'other',
  'read-only': 'other',
  'not-allowed': 'other',
  'rate-limited': 'other',
  'deadline-exceeded': 'other',
  cancelled: 'other',
  contended: 'store',
  'outcome-unknown': 'store',
  'store-full': 'store',
  'store-unwritable': 'store',
  'store-damaged': 'store',
  'store-moved': 'store',
  'store-newer': 'store',
  'store-unsafe': 'store',
};
