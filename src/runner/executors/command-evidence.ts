// Makes the report of a command from the end of its process: evidence that the server has observed itself. Used by
// command.ts.

import type { ErrorKind } from '../../domain/run/report.ts';
import type { JsonObject } from '../../json/json.ts';
import type { Blobs } from '../../store/port.ts';
import type { ProcessResult } from '../process/process.ts';
import type { Ended } from './define.ts';

/** The longest end of each stream in the run's document, in characters; a longer stream is stored as a blob. */
const TAIL_CHARS = 4_096;

/** The report of a node whose process has ended or could not be started. */
export function reportOf(result: ProcessResult, blobs: Blobs): Ended {
  const evidence = evidenceOf(result, blobs);
  const code: JsonObject = result.exit_code === undefined ? {} : { exit_code: result.exit_code };
  const output: JsonObject = { ...code, stdout: tail(result.stdout) };
  if (result.outcome === 'exited' && result.exit_code === 0) return { status: 'done', output, evidence };
  const { why, errorKind } = failureOf(result);
  const last = tail(result.stderr.trim() === '' ? result.stdout : result.stderr)
    .trim()
    .split('\n')
    .slice(-3)
    .join('\n');
  const summary = last === '' ? why : `${why}: ${last}`.slice(0, 1_000);
  // What it printed is what tells why it failed: a test runner's list of failures, a compiler's errors.
  return { status: 'failed', summary, errorKind, output, evidence };
}

function failureOf(result: ProcessResult): { why: string; errorKind: ErrorKind } {
  switch (result.outcome) {
    case 'spawn-failed':
      return { why: result.error?.message ?? 'it could not be started', errorKind: 'terminal' };
    case 'timed-out':
      return { why: `it ran longer than allowed and was ended after ${result.duration_ms} ms`, errorKind: 'retryable' };
    case 'aborted':
      return { why: result.error?.message ?? 'it was ended', errorKind: 'retryable' };
    case 'exited': {
      const how =
        result.exit_code === undefined ? `ended by ${result.signal ?? 'a signal'}` : `exit code ${result.exit_code}`;
      return { why: how, errorKind: 'retryable' };
    }
  }
}

function evidenceOf(result: ProcessResult, blobs: Blobs): JsonObject {
  const evidence: JsonObject = { grade: 'run-by-server', outcome: result.outcome, duration_ms: result.duration_ms };
  if (result.exit_code !== undefined) evidence.exit_code = result.exit_code;
  if (result.signal !== undefined) evidence.signal = result.signal;
  if (result.stderr !== '') evidence.stderr = tail(result.stderr);
  if (result.truncated) evidence.truncated = true;
  if (result.escaped === true) evidence.escaped = true;
  for (const stream of ['stdout', 'stderr'] as const) {
    if (result[stream].length > TAIL_CHARS) evidence[`${stream}_sha256`] = blobs.put(Buffer.from(result[stream]));
  }
  return evidence;
}

function tail(text: string): string {
  return text.length <= TAIL_CHARS ? text : `…${text.slice(1 - TAIL_CHARS)}`;
}
