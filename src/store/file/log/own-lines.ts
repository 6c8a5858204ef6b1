// The outcomes of lines that this process wrote: won, lost or unknown. Used by log.ts and writer.ts.

import { FailureError } from '../../../failure/failure.ts';
import { claimedSum, type RawLine } from '../../commit.ts';
import type { Verdict } from '../../fold.ts';
import type { Outcome } from '../../port.ts';
import { errnoOf } from '../disk.ts';

/** Notes the outcome of a just folded line if it is one of ours. `own` maps sums to places in `outcomes`. */
export function noteOwn(
  line: RawLine,
  verdict: Verdict,
  own?: ReadonlyMap<string, number>,
  outcomes?: (Outcome | undefined)[],
): void {
  if (own === undefined || outcomes === undefined) return;
  const index = own.get(verdict.kind === 'valid' ? verdict.folded.sum : (claimedSum(line) ?? ''));
  if (index === undefined) return;
  if (verdict.kind === 'valid') outcomes[index] = { kind: 'won', seq: verdict.folded.seq };
  else if (outcomes[index]?.kind !== 'won') outcomes[index] = { kind: 'lost' };
}

/** Why the outcome of a written line is unknown. `ended`: its newline was written too. */
export function unknownBecause(trouble: unknown, ended: boolean): string {
  if (trouble instanceof FailureError && trouble.failure.code === 'outcome-unknown') return trouble.failure.why;
  const errno = errnoOf(trouble);
  if (errno !== undefined) return `the line was written, but could not be read back (${errno})`;
  return ended ? 'the line was written, but what became of it is not known' : 'the disk took the line but not its end';
}
