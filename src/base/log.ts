// The process's log: JSON lines on stderr, never on stdout, which belongs to the protocol. Made once by a verb, passed
// on.

import pino from 'pino';

/** What the rest of the program may do with a log. */
export type Logger = Pick<pino.Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'isLevelEnabled'>;

/** Synchronous on purpose: the last line before an exit is the one that matters. */
export function createLog(config: { logLevel: pino.LevelWithSilent }): Logger {
  const stderr = pino.destination({ fd: 2, sync: true });
  // A client that dies takes stderr with it; a log that cannot be written must not end the process.
  stderr.on('error', () => undefined);
  return pino({ level: config.logLevel, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stderr);
}
