// Shared by the verbs that open a store without a server: they must not make a store, and a file that cannot be read is
// reported as a failure and not as a crash.

import { isInside } from '../admin/file/new-directory.ts';
import { isStore } from '../admin/file/verify.ts';
import type { Config } from '../config/config.ts';
import { type Failure, FailureError } from '../failure/failure.ts';
import { errnoOf, realDisk } from '../store/file/disk.ts';
import { complain } from './complain.ts';
import type { Verb } from './verb.ts';

/** Wraps a verb: reports a FailureError or a file system error, and returns its exit code. */
export function offline(work: (args: string[], config: Config) => Promise<number>): Verb['run'] {
  return async (args, config) => {
    try {
      return await work(args, config);
    } catch (error) {
      if (error instanceof FailureError) return complain(error.failure);
      if (errnoOf(error) === undefined || !(error instanceof Error) || !('syscall' in error)) throw error;
      return complain(fileFailure(error, config.stateDir));
    }
  };
}

/** The failure for a file error: of the store, or of another file that the caller named, as the source of an import. */
function fileFailure(error: Error & { path?: unknown }, stateDir: string): Failure {
  const { path, message } = error;
  if (typeof path !== 'string' || isInside(stateDir, path))
    return { code: 'store-unwritable', why: `a file of it cannot be read or saved now (${message})` };
  return { code: 'invalid-input', issues: [{ at: path, why: `it cannot be read or saved now (${message})` }] };
}

/** The failure to report if a directory holds no store; undefined if it does. */
export function requireStore(dir: string): Failure | undefined {
  if (isStore(realDisk, dir)) return undefined;
  return { code: 'no-store', dir };
}
