// What a look at a store can find, as data: the shapes that verify.ts fills, `doctor --json` prints and report-text.ts
// puts into words.

import type { Durability } from '../../store/port.ts';

/**
 * `damage`: something acknowledged may be lost. `trouble`: nothing is lost, but something has to be put right.
 * `note`: worth knowing. A store with damage or trouble is not sound.
 */
export type Level = 'damage' | 'trouble' | 'note';

export interface Finding {
  level: Level;
  code: string;
  /** A path relative to the store, or a stream. */
  where?: string;
  offset?: number;
  what: string;
  /** What to do about it. */
  next?: string;
  /** How a document differs from what the log makes of it, one operation a line. */
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
    /** Segments with an index file that is what the log makes of them. */
    indexed: number;
    /** Lines that lost their race, by why; the first is what contention costs. */
    voids: Record<string, number>;
    torn: number;
  };
  documents: {
    /** Rebuilt from the log. */
    rebuilt: number;
    /** Of the readable files: as the log has it now, and as the log had it earlier. */
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
