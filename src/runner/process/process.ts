// Runs one process to its end: no shell, no input, few variables, a deadline, bounded output, no orphans. Called by
// executors, which have checked that the program may run.

import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { MAX_TIMER_MS } from '../../config/limits.ts';
import { Capture } from './capture.ts';
import { endGroup, processStart } from './process-group.ts';

export interface ProcessOptions {
  /** An absolute path: no name is looked up. */
  file: string;
  /** The name that the program is told it was called by, and its arguments. */
  argv: readonly string[];
  /** An absolute path. */
  cwd: string;
  /** All of its variables. */
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** The time between SIGTERM and SIGKILL. Default 5 s. */
  graceMs?: number;
  /** Bytes kept of each stream, half from each end. Default 64 KiB. */
  maxOutputBytes?: number;
  signal?: AbortSignal;
  /** Called right after the start. If it throws, the process is ended, because nobody could find it later. */
  onSpawn?(spawned: { pid: number; startTime: string | undefined }): void;
}

export interface ProcessResult {
  /** `aborted`: by the signal, or because `onSpawn` threw. */
  outcome: 'exited' | 'timed-out' | 'aborted' | 'spawn-failed';
  /** The exit code of the process, whatever the outcome; absent if a signal ended it or it never started. */
  exit_code?: number;
  /** The signal that ended it. */
  signal?: string;
  stdout: string;
  stderr: string;
  /** At least one stream was longer than its kept bytes. */
  truncated: boolean;
  duration_ms: number;
  pid?: number;
  /** Why it did not start, or why `onSpawn` threw. */
  error?: SpawnError;
  /** A process left the group (by setsid) and still held the output: it may be running. */
  escaped?: true;
}

interface SpawnError {
  code: string;
  message: string;
}

/** How long to wait for output after the process has ended: it is in the pipe already. */
const LINGER_MS = 250;
/** How long to wait for the end after SIGKILL: only a process that hangs in the kernel survives it. */
const UNKILLABLE_MS = 2_000;

/**
 * Runs the process. Resolves when it has ended and its group is gone, at most `timeoutMs + graceMs` and a few seconds
 * after the start, even if grandchildren keep the pipes open. Contract: never rejects.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const startedMs = performance.now();
  const maxBytes = options.maxOutputBytes ?? 64 * 1024;
  const [stdout, stderr] = [new Capture(maxBytes), new Capture(maxBytes)];
  const result = (outcome: ProcessResult['outcome'], more: Partial<ProcessResult>): ProcessResult => ({
    outcome,
    ...more,
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncated: stdout.truncated || stderr.truncated,
    duration_ms: Math.round(performance.now() - startedMs),
  });
  if (options.signal?.aborted) return result('aborted', {});
  const begun = await begin(options);
  if ('code' in begun) return result('spawn-failed', { error: begun });

  const { child, pid } = begun;
  // No event comes between the spawn and these listeners: only promises have run since.
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const closed = new Promise<true>((resolve) => child.once('close', () => resolve(true)));
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk)).on('error', ignore);
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk)).on('error', ignore);
  const unrecorded = announce(options, pid);

  const outcome = unrecorded ? 'aborted' : await firstOf(exit, options);
  // A pipeline's last lines may come after its leader's end; only then are the processes ended that stayed behind.
  if (outcome === 'exited') await within(closed, LINGER_MS);
  await endGroup(pid, options.graceMs ?? 5_000);
  const end = await within(exit, UNKILLABLE_MS);
  const escaped = !(await within(closed, LINGER_MS));
  if (escaped) letGo(child);
  return result(outcome, {
    pid,
    ...(typeof end?.code === 'number' && { exit_code: end.code }),
    ...(typeof end?.signal === 'string' && { signal: end.signal }),
    ...(unrecorded && { error: unrecorded }),
    ...(escaped && { escaped }),
  });
}

/** Starts the process as leader of a group of its own. */
async function begin(options: ProcessOptions): Promise<{ child: ChildProcess; pid: number } | SpawnError> {
  const { file } = options;
  if (file === '') return { code: 'no-program', message: 'the command is empty' };
  const [argv0 = file, ...rest] = options.argv;
  try {
    // Checked first, because the system reports a missing directory as a missing program.
    if (!statSync(options.cwd, { throwIfNoEntry: false })?.isDirectory()) {
      return { code: 'no-directory', message: 'the working directory does not exist' };
    }
    const child = spawn(file, rest, {
      argv0,
      cwd: options.cwd,
      env: options.env,
      detached: true,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const failed = new Promise<Error>((resolve) => child.once('error', resolve));
    if (child.pid !== undefined) return { child, pid: child.pid };
    return spawnError(file, await failed);
  } catch (error) {
    return spawnError(file, error);
  }
}

function spawnError(program: string, error: unknown): SpawnError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'spawn-failed';
  if (code === 'ENOENT') return { code: 'no-program', message: `there is no program "${program}"` };
  if (code === 'EACCES') return { code: 'not-executable', message: `"${program}" cannot be executed` };
  return { code, message: `"${program}" could not be started (${code})` };
}

function announce(options: ProcessOptions, pid: number): SpawnError | undefined {
  try {
    options.onSpawn?.({ pid, startTime: processStart(pid) });
    return undefined;
  } catch (error) {
    return { code: 'not-recorded', message: error instanceof Error ? error.message : String(error) };
  }
}

/** The first of these: the end, the deadline or the caller's signal. */
function firstOf(exit: Promise<unknown>, options: ProcessOptions): Promise<'exited' | 'timed-out' | 'aborted'> {
  return new Promise((resolve) => {
    const finish = (outcome: 'exited' | 'timed-out' | 'aborted') => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      resolve(outcome);
    };
    const abort = () => finish('aborted');
    const timer = setTimeout(() => finish('timed-out'), Math.min(options.timeoutMs, MAX_TIMER_MS));
    options.signal?.addEventListener('abort', abort, { once: true });
    // onSpawn may have aborted it.
    if (options.signal?.aborted) abort();
    void exit.then(() => finish('exited'));
  });
}

/** The promise's value, or undefined after `ms`. */
function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

/** Closes this process's ends of the pipes, so that an escaped process cannot keep it alive or fill its memory. */
function letGo(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}

function ignore(): void {
  // A broken pipe is the end of output, which `close` reports.
}
