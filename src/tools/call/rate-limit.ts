// The bound on calls of one connection, so that a loop of one client cannot starve the other servers of the machine. A
// burst is held back before it is refused: readers that ask for much at once are answered a little later, and only a
// client that goes on faster than it is answered is told to stop. Used by mcp/server.ts.

import { fail, ok, type Result } from '../../failure/failure.ts';

/** How long a call may be held back, in seconds. */
const MOST_WAIT_S = 2;
const ROUNDING = 1e-6;

/**
 * A token bucket: `perSecond` calls at once, refilled at that rate; 0 means no limit. The returned function is asked
 * once a call and answers how long to hold the call back, in ms, or fails with `rate-limited`.
 */
export function rateLimit(perSecond: number, now: () => number = () => performance.now()): () => Result<number> {
  let tokens = perSecond;
  let filledAt = now();
  return () => {
    if (perSecond === 0) return ok(0);
    const at = now();
    tokens = Math.min(perSecond, tokens + ((at - filledAt) / 1000) * perSecond);
    filledAt = at;
    // Calls that are held back have taken their token already: a debt. Whole ms, or what remains of a sum of fractions
    // would refuse a call that came back as it was told.
    const waitMs = tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000 - ROUNDING);
    if (waitMs > MOST_WAIT_S * 1000)
      return fail({ code: 'rate-limited', limit: perSecond, retryAfterMs: waitMs - MOST_WAIT_S * 1000 });
    tokens -= 1;
    return ok(waitMs);
  };
}
