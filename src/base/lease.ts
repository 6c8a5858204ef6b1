// When something ends that its owner keeps up by being seen: claims of nodes, locks, places in line, sessions. The
// one rule for all of them, and the rule for times that a clock wrote which was ahead.

/** When an agent or session was last seen, in ms since the epoch; undefined if never. */
export type LastSeen = (who: string) => number | undefined;

/**
 * The end of a lease, in ms since the epoch: the stored one, or a span after its owner was last seen if that is
 * later. A sign of life is no commit, since one for each would fill the log; so it can be lost, and then only the
 * stored end counts. It can lengthen a lease but never shorten it: a clock that is behind takes nothing away that a
 * commit has promised.
 *
 * Without a limit, a moment in which a clock was a year ahead would give leases of a year. So an end that was promised
 * more than a span from now is just over, and a sign of life from the future counts as one of now if it is within a
 * span, as none beyond.
 */
export function endOfLease(storedMs: number, spanMs: number, seenMs: number | undefined, nowMs: number): number {
  const stored = isBeyond(storedMs - spanMs, spanMs, nowMs) ? nowMs - 1 : storedMs;
  if (seenMs === undefined || isBeyond(seenMs, spanMs, nowMs)) return stored;
  return Math.max(stored, Math.min(seenMs, nowMs) + spanMs);
}

/**
 * Whether a time at which something was written lies further ahead than the span that counts from it: no clock that
 * differs a little has written it. False for a span of 0, which says nothing, and for what has no end.
 */
export function isBeyond(writtenMs: number, spanMs: number, nowMs: number): boolean {
  return spanMs > 0 && Number.isFinite(writtenMs) && writtenMs > nowMs + spanMs;
}
