// The type of a verb of the command line. main.ts has the table; each file of verbs/ exports `run`.

import type { Config } from '../config/config.ts';

export interface Verb {
  /**
   * Runs the verb; resolves to the exit code: 0 done, 1 wrong usage or input, 2 a failure of the store, 3 any other.
   */
  run(args: string[], config: Config): Promise<number>;
}

export interface VerbEntry {
  /** True if the exit code is always 0, even with wrong settings: a client runs the verb, and must not see it fail. */
  neverFails?: boolean;
  /** True if it writes nothing to stdout, which is then never opened: that alone takes half the time of a hook. */
  silent?: boolean;
  load(): Promise<Verb>;
}
