// What a writer does about a lost race: when it tries again, and when it asks the others to wait. Used by batch.ts.

/**
 * Lost races after which the turnstile is taken; at once when deciding takes long, since a fast writer always wins
 * then.
 */
const LOSSES_BEFORE_TURN = 4;
/** A try of a command from this long on is slow. */
export const SLOW_TRY_MS = 2;
/** Once may be a processor that was taken away in the middle: a command that took long twice is slow by itself. */
const SLOW_TRIES = 2;
/** The first retries are at once; later ones after up to 2, 4, 8 … ms, so that writers fall out of step. */
const RETRIES_AT_ONCE = 3;
const MAX_JITTER_MS = 20;
/** With the turnstile a writer waits for at most a few others: so many losses mean that something is wrong. */
const MAX_LOSSES = 200;

/** Whether the next try should be made under the turnstile: after so many lost races, and slow tries among them. */
export function wantsTurn(losses: number, slowTries: number): boolean {
  return losses >= LOSSES_BEFORE_TURN || (losses > 0 && slowTries >= SLOW_TRIES);
}

/** Milliseconds until the next try; undefined when it is time to give up. */
export function retryDelayMs(losses: number): number | undefined {
  if (losses >= MAX_LOSSES) return undefined;
  return losses <= RETRIES_AT_ONCE ? 0 : Math.random() * Math.min(MAX_JITTER_MS, 2 ** (losses - RETRIES_AT_ONCE));
}
