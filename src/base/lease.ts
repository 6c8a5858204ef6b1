// When something ends that its owner keeps up by being seen: claims of nodes, locks, places in line, sessions. The
// one rule for all of them.

/** When an agent or session was last seen, in ms since the epoch; undefined if never. */
export type LastSeen = (who: string) => number | undefined;

/**
 * The end of a lease, in ms since the epoch: the stored one, or a span after its owner was last seen if that is
 * later. A sign of life is no commit, since one for each would fill the log; so it can be lost, and then only the
 * stored end counts. It can lengthen a lease but never shorten it: a clock that is behind takes nothing away that a
 * commit has promised.
 */
export function endOfLease(storedMs: number, spanMs: number, seenMs: number | undefined): number {
  return seenMs === undefined ? storedMs : Math.max(storedMs, seenMs + spanMs);
}
