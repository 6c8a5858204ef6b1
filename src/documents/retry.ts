// The policy for lost races: when to try again, and when to take the turnstile. Used by batch.ts.

/**
 * Lost races after which the turnstile is taken. A slow command takes it after the first, because faster writers would
 * win every time.
 */
const LOSSES_BEFORE_TURN = 4;
/** A try that takes at least this long, in ms, is slow. */
export const SLOW_TRY_MS = 2;
/** Slow tries that make a command slow: a single one may be due to the process being suspended. */
const SLOW_TRIES = 2;
/** Retries without a delay; later ones wait up to 2, 4, 8 … ms, so that writers fall out of step. */
const RETRIES_AT_ONCE = 3;
const MAX_JITTER_MS = 20;
/**
 * Lost races after which a command gives up. With the turnstile a writer waits for few others: so many losses mean that
 * something is wrong.
 */
const MAX_LOSSES = 200;

/** Whether the next try should be made under the turnstile. */
export function wantsTurn(losses: number, slowTries: number): boolean {
  return losses >= LOSSES_BEFORE_TURN || (losses > 0 && slowTries >= SLOW_TRIES);
}

/** Milliseconds until the next try; undefined when it is time to give up. */
export function retryDelayMs(losses: number): number | undefined {
  if (losses >= MAX_LOSSES) return undefined;
  return losses <= RETRIES_AT_ONCE ? 0 : Math.random() * Math.min(MAX_JITTER_MS, 2 ** (losses - RETRIES_AT_ONCE));
}
