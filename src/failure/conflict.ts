// Failures of a call that conflicts with an earlier one, of its own or of others.

import { quoted, visible } from '../base/display.ts';
import type { FailureTable } from './table.ts';

type ConflictCode = 'etag-mismatch' | 'already-exists' | 'version-mismatch' | 'request-reused' | 'unknown-seq';

/** Who wrote last, when, and what is there now: as much of it as the failure knows. */
function presentWords({ present, by, at }: { present?: string; by?: string; at?: string }): string {
  const wrote = by === undefined ? '' : `; written by ${visible(by)}${at === undefined ? '' : ` at ${visible(at)}`}`;
  return `${wrote}${present === undefined ? '' : `; now ${visible(present)}`}`;
}

/** The call that reads a place, in the session that the refused call named. */
function readCall({ path, session }: { path: string; session?: string }): string {
  return `state_get {path: ${quoted(path)}${session === undefined ? '' : `, session: ${quoted(session)}`}}`;
}

export const conflictFailures: FailureTable<ConflictCode> = {
  'etag-mismatch': {
    kind: 'other',
    what: ({ path }) => `The value at ${quoted(path)} has changed since you read it`,
    why: (failure) => `its etag is ${failure.actual}, you gave ${quoted(failure.expected)}${presentWords(failure)}`,
    next: (failure) => `read it again with ${readCall(failure)} and repeat with its etag, ${quoted(failure.actual)}`,
  },
  'already-exists': {
    kind: 'other',
    what: ({ path }) => `There is already a value at ${quoted(path)}`,
    why: (failure) => `you asked to write only if there is none${presentWords(failure)}`,
    next: (failure) => `read it with ${readCall(failure)}, or write without if_absent`,
  },
  'version-mismatch': {
    kind: 'other',
    what: ({ what, actual }) => `${visible(what)} ${actual === 0 ? 'is not there' : 'has changed since you read it'}`,
    why: (failure) =>
      failure.actual === 0
        ? `there is none yet, you gave ${failure.expected}`
        : `it is at version ${failure.actual}, you gave ${failure.expected}${presentWords(failure)}`,
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
