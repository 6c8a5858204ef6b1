// Failures of a call that conflicts with an earlier one, of its own or of others.

import { quoted, visible } from '../base/display.ts';
import type { FailureTable } from './table.ts';

type ConflictCode = 'etag-mismatch' | 'already-exists' | 'version-mismatch' | 'request-reused' | 'unknown-seq';

export const conflictFailures: FailureTable<ConflictCode> = {
  'etag-mismatch': {
    kind: 'other',
    what: ({ path }) => `The value at ${quoted(path)} has changed since you read it`,
    why: ({ actual, expected }) => `its etag is ${actual}, you gave ${quoted(expected)}`,
    next: ({ path }) => `read it again with state_get {path: ${quoted(path)}} and repeat with the new etag`,
  },
  'already-exists': {
    kind: 'other',
    what: ({ path }) => `There is already a value at ${quoted(path)}`,
    why: 'you asked to write only if there is none',
    next: ({ path }) => `read it with state_get {path: ${quoted(path)}}, or write without if_absent`,
  },
  'version-mismatch': {
    kind: 'other',
    what: ({ what, actual }) => `${visible(what)} ${actual === 0 ? 'is not there' : 'has changed since you read it'}`,
    why: ({ actual, expected }) =>
      actual === 0 ? `there is none yet, you gave ${expected}` : `it is at version ${actual}, you gave ${expected}`,
    next: ({ read, actual }) =>
      actual === 0
        ? 'repeat with if_version 0, or without it, to make it'
        : `read it again with ${visible(read)} and repeat with if_version ${actual}`,
  },
  'request-reused': {
    kind: 'other',
    what: ({ requestId }) => `The request_id ${quoted(requestId)} was used before with other input`,
    why: 'one request_id stands for one request; the earlier one stays as it was',
    next: 'repeat the call with a new request_id, or without one',
  },
  'unknown-seq': {
    kind: 'input',
    what: ({ seq }) => `There is no state at ${quoted(seq)}`,
    why: ({ newest, oldest }) =>
      oldest === undefined ? `the newest seq is ${newest}` : `it begins at seq ${oldest}, the newest is ${newest}`,
    next: ({ newest, oldest, list }) =>
      `choose a seq from ${oldest ?? 1} to ${newest}, or a time between; ${visible(list ?? 'state_history {}')} ` +
      'lists the changes',
  },
};
