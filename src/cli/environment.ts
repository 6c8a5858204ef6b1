// What the generated command line needs of its process, so that tests can replace it. Made by main.ts, used by
// tool-command.ts.

import type { Services } from '../app/services.ts';
import { createLog, type Logger } from '../base/log.ts';
import { version } from '../base/version.ts';
import { type Config, globalFlags } from '../config/config.ts';
import type { Result } from '../failure/failure.ts';
import listings from '../generated/tools.json' with { type: 'json' };
import type { Tool } from '../tools/define.ts';
import type { Listing } from '../tools/describe.ts';
import type { VerbEntry } from './verb.ts';

export interface CliEnvironment<P> {
  config: Pick<Config, 'readOnly' | 'checkAnswers' | 'home'>;
  log: Logger;
  version: string;
  /** The verbs that main.ts runs itself, for the help and for suggestions of near names. */
  verbs: { name: string; summary: string; usage?: string }[];
  flags: { name: string; value?: string; help: string }[];
  listings: readonly Listing[];
  tools(): Promise<readonly Tool<P>[]>;
  openServices(): Promise<Result<P & { close(): Promise<void> }>>;
  /** Aborted by the first interrupt. */
  signal: AbortSignal;
  out(text: string): void;
  err(text: string): void;
}

/** The environment of this process: its terminal, store and signals. */
export function realEnvironment(config: Config, verbs: Record<string, VerbEntry>): CliEnvironment<Services> {
  const log = createLog(config);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  return {
    config,
    log,
    version,
    verbs: Object.entries(verbs).map(([name, { load: _, neverFails: __, silent: ___, ...words }]) => ({
      name,
      ...words,
    })),
    flags: globalFlags,
    listings: listings as unknown as Listing[],
    tools: async () => (await import('../tools/index.ts')).tools,
    openServices: async () => await (await import('../app/services.ts')).openServices(config, log, 'cli'),
    signal: stop.signal,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
}
