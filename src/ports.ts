// What tools may use: opened once per process by cli/serve.ts and cli/tool-command.ts, handed to every call.

import type { Config } from './config.ts';
import { ok, type Result } from './failure.ts';
import type { Logger } from './log.ts';

export interface Ports {
  config: Config;
  log: Logger;
}

/** Opens everything that tools use. `close` finishes what is in flight, within 300 ms. */
export async function openPorts(
  config: Config,
  log: Logger,
  _role: 'serve' | 'cli',
): Promise<Result<Ports & { close(): Promise<void> }>> {
  return ok({ config, log, close: async () => undefined });
}
