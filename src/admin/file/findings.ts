// Findings and report on a store, as data. The checks and verify.ts fill them, `doctor --json` prints them, and
// report-text.ts puts them into words.

import type { Durability } from '../../store/port.ts';

/**
 * `damage`: an acknowledged change may be lost. `trouble`: nothing is lost, but somebody has to act. `note`: worth
 * knowing. A store with damage or trouble is not sound.
 */
export type Level = 'damage' | 'trouble' | 'note';

export interface Finding {
  level: Level;
  code: string;
  /** A path relative to the store, or the name of a stream. */
  where?: string;
  offset?: number;
  what: string;
  /** What to do about it. */
  next?: string;
  /** How a file differs from the document that the log gives, one operation per line. */
  differs?: string[];
}

export interface Report {
  place: string;
  sound: boolean;
  durability: Durability;
  format: number;
  seq: number;
  chain: string;
  commits: number;
  log: {
    sizeBytes: number;
    segments: number;
    compressed: number;
    /** Segments with a correct index file. */
    indexed: number;
    /** Void lines by reason; `expectation` counts lost races. */
    voids: Record<string, number>;
    torn: number;
  };
  documents: {
    /** Documents that the log folds into. */
    rebuilt: number;
    /** Readable files that equal the present version (`current`) or an earlier one (`older`). */
    current: number;
    older: number;
    edited: number;
    orphans: number;
  };
  requests: number;
  blobs: { named: number; files: number; sizeBytes: number };
  checkpoint: { state: 'fits' | 'absent' | 'unreadable' | 'wrong' | 'not judged'; seq?: number };
  serving: { session: string; pid: number }[];
  findings: Finding[];
}

export function isSound(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.level === 'note');
}
