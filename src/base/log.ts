// The process's own log (not the store's): JSON lines on stderr, because stdout belongs to the protocol. The verbs
// serve, watch, board and import make it once (cli/environment.ts) and pass it on.

import pino from 'pino';

/** The part of a pino logger that the rest of the program uses. */
export type Logger = Pick<pino.Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'isLevelEnabled'>;

/** Writes synchronously, so that the last line before an exit is not lost. */
export function createLog(config: { logLevel: pino.LevelWithSilent }): Logger {
  const stderr = pino.destination({ fd: 2, sync: true });
  // Ignore write errors: a client that dies closes stderr, and a broken log must not end the process.
  stderr.on('error', () => undefined);
  return pino({ level: config.logLevel, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stderr);
}
