// Whether a report says what was recorded before. Used by report.ts: a repeat is no error and changes nothing, but its
// sender must not take a second result for kept.

import { deepEqual } from '../../json/merge.ts';
import type { LateResult, NodeRecord } from './record.ts';
import type { ReportInput } from './report.ts';

export interface Recorded {
  /** When it was recorded, in ms since the epoch; absent where the record does not keep it. */
  at?: number;
  /** The repeat brings another output, which is not kept. */
  differs: boolean;
}

type Output = Pick<NodeRecord, 'output' | 'output_blob'>;

/** What a node that has its result, or whose try has ended, says to another report for the same claim. */
export function recordedBefore(node: Readonly<NodeRecord>, input: ReportInput): Recorded {
  const { ended_at: at } = node;
  const brings = input.output !== undefined || input.outputBlob !== undefined;
  const differs = brings && !isSameOutput(node, outputOf(input));
  return at === undefined ? { differs } : { at, differs };
}

/** The late result that this one repeats; undefined if it brings something else. */
export function lateBefore(node: Readonly<NodeRecord>, late: LateResult): LateResult | undefined {
  return node.late?.find(
    ({ claim, status, summary, ...output }) =>
      claim === late.claim && status === late.status && summary === late.summary && isSameOutput(output, late),
  );
}

function outputOf({ output, outputBlob: output_blob }: ReportInput): Output {
  return { ...(output !== undefined && { output }), ...(output_blob !== undefined && { output_blob }) };
}

function isSameOutput(one: Output, other: Output): boolean {
  return one.output_blob === other.output_blob && deepEqual(one.output, other.output);
}
