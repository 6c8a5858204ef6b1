// What the verbs share that look at a store from outside: looking must not make one, and a file that cannot be read is
// an answer, not a crash.

import { isStore } from '../admin/file/verify.ts';
import type { Config } from '../config/config.ts';
import { type Failure, FailureError } from '../failure/failure.ts';
import { errnoOf, realDisk } from '../store/file/disk.ts';
import { complain } from './complain.ts';
import type { Verb } from './verb.ts';

/** The verb's work with its expected trouble turned into words and an exit code. */
export function offline(work: (args: string[], config: Config) => Promise<number>): Verb['run'] {
  return async (args, config) => {
    try {
      return await work(args, config);
    } catch (error) {
      if (error instanceof FailureError) return complain(error.failure);
      const errno = errnoOf(error);
      if (errno === undefined || !(error instanceof Error) || !('syscall' in error)) throw error;
      return complain({ code: 'store-unwritable', why: `a file of it cannot be read or saved now (${error.message})` });
    }
  };
}

/** The failure to complain of if there is no store in a directory. */
export function requireStore(dir: string): Failure | undefined {
  if (isStore(realDisk, dir)) return undefined;
  const why = `there is no store in ${dir}: the first call that needs one makes it, or baton restore does`;
  return { code: 'invalid-input', issues: [{ at: '--state-dir', why }] };
}
