// Ends a serving process by one orderly shutdown, whichever cause comes first: the client, a signal, the parent or an
// uncaught exception. Used by cli/verbs/serve.ts.

import type { Logger } from '../base/log.ts';
import type { StdioTransport } from './stdio.ts';

export interface Closing {
  transport: Pick<StdioTransport, 'ended' | 'stopReading' | 'answered' | 'flushed'>;
  /** Closes the server and then the services, which finish or abandon their work. */
  close: () => Promise<void>;
  log: Logger;
}

/** Limits in ms. The whole shutdown stays below the 2 s that clients wait; calls in flight may take most of that. */
const allMs = 1900;
const finishMs = 1500;
const flushMs = 100;
const parentPollMs = 1000;

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Waits until the client is gone or the process is asked to stop; then stops reading, lets calls in flight finish,
 * closes, and resolves to the exit code. A second signal resolves at once, to 128 + the signal's number.
 */
export async function runUntilClosed(closing: Closing): Promise<number> {
  const { transport, log } = closing;
  const parent = process.ppid;
  let stopping = false;
  let request: (reason: string, code: number) => void = () => undefined;
  let giveUp: (code: number) => void = () => undefined;
  const asked = new Promise<{ reason: string; code: number }>((resolve) => {
    request = (reason, code) => resolve({ reason, code });
  });
  const impatient = new Promise<number>((resolve) => {
    giveUp = resolve;
  });
  const onSignal = (name: NodeJS.Signals): void => {
    if (stopping) giveUp(128 + (name in signals ? signals[name as keyof typeof signals] : 0));
    stopping = true;
    request(name, 0);
  };
  for (const name of Object.keys(signals)) process.on(name, onSignal);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise failed that nobody waited for'));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a fault that nothing caught');
    request('uncaught exception', 1);
  });
  // Poll the parent: a client that was killed may leave our pipes open in another child of its own.
  const poll = setInterval(() => {
    if (process.ppid !== parent) request('parent gone', 0);
  }, parentPollMs);
  poll.unref();
  void transport.ended.then((reason) => request(reason, 0));

  const { reason, code } = await asked;
  stopping = true;
  clearInterval(poll);
  log.debug({ reason }, 'closing');
  return await Promise.race([impatient, shutDown(closing).then(() => code)]);
}

async function shutDown({ transport, close, log }: Closing): Promise<void> {
  const startedAt = performance.now();
  transport.stopReading();
  if (!(await within(finishMs, transport.answered()))) log.warn('calls were still in flight when the server closed');
  await within(flushMs, transport.flushed());
  try {
    // Closing returns the nodes that this server ran to the queue, which takes longer under load.
    if (!(await within(allMs - (performance.now() - startedAt), close())))
      log.warn('closing took too long and was left');
  } catch (error) {
    log.error({ err: error }, 'closing failed');
  }
}

/** Resolves to whether the promise resolved within `ms`; rejects if it does. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
