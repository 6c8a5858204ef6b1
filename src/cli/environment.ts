// What the generated command line needs of its process, so that tests can replace it. Made by main.ts, used by
// tool-command.ts.

import type { Services } from '../app/services.ts';
import { createLog, type Logger } from '../base/log.ts';
import { version } from '../base/version.ts';
import { type Config, globalFlags } from '../config/config.ts';
import type { Paint } from '../dashboard/formats/define.ts';
import type { Result } from '../failure/failure.ts';
import listings from '../generated/tools.json' with { type: 'json' };
import type { Tool } from '../tools/define.ts';
import type { Listing } from '../tools/describe.ts';
import { painter } from './paint.ts';
import { type VerbWords, verbWords } from './verb-words.ts';

export interface CliEnvironment<P> {
  config: Pick<Config, 'readOnly' | 'checkAnswers' | 'home' | 'cwd'>;
  /** The terminal's width; 80 into a pipe. */
  columns: number;
  log: Logger;
  version: string;
  /** The verbs that main.ts runs itself, for the help and for suggestions of near names. */
  verbs: (Partial<VerbWords> & { name: string; summary: string })[];
  flags: { name: string; value?: string; help: string }[];
  listings: readonly Listing[];
  tools(): Promise<readonly Tool<P>[]>;
  /** `actIn`: the session in which the command acts. */
  openServices(actIn?: string): Promise<Result<P & { close(): Promise<void> }>>;
  /** The colours of a terminal; absent where there is none. */
  paint?: Paint | undefined;
  /** Performs the nodes of a run that are a server's, until the services are closed. */
  perform(services: P, run: string): Promise<void>;
  /** Aborted by the first interrupt. */
  signal: AbortSignal;
  out(text: string): void;
  err(text: string): void;
}

const PIPED_COLUMNS = 80;

/** The environment of this process: its terminal, store and signals. */
export function realEnvironment(config: Config): CliEnvironment<Services> {
  const log = createLog(config);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  return {
    config,
    columns: process.stdout.columns || config.columns || PIPED_COLUMNS,
    log,
    version,
    verbs: Object.entries(verbWords).map(([name, words]) => ({ name, ...words })),
    flags: globalFlags,
    listings: listings as unknown as Listing[],
    tools: async () => (await import('../tools/index.ts')).tools,
    openServices: async (actIn) => {
      const { openServices } = await import('../app/services.ts');
      return await openServices(actIn === undefined ? config : { ...config, actIn }, log, 'cli');
    },
    paint: process.stdout.isTTY ? painter() : undefined,
    perform: async (services, run) => await services.perform?.(run),
    signal: stop.signal,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
}
