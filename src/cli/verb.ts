// What a verb of the command line is. main.ts has the table; each file of verbs/ named there exports `run`.

import type { Config } from '../config/config.ts';

export interface Verb {
  /**
   * Does it and resolves with the exit code: 0 done, 1 usage or input, 2 trouble with the store, 3 any other failure.
   */
  run(args: string[], config: Config): Promise<number>;
}

export interface VerbEntry {
  summary: string;
  /** More lines for `baton help <verb>`: its options and arguments. */
  usage?: string;
  /** Whoever runs it must not see it fail: the exit code is 0 even where the settings are wrong. */
  neverFails?: boolean;
  /** Writes nothing to stdout, which is then not even set up: that takes as long as half a hook. */
  silent?: boolean;
  load(): Promise<Verb>;
}
