// Interleaved rounds of Baton's writers against those of a floor: the figures of both sides, and the conditions that
// rows share. Used by rows/.

import { median, type Row } from './measure.ts';

/** What one side of a round did. */
export interface Contestant {
  /** Accepted writes. */
  total: number;
  ratePerSecond: number;
  p99: number;
  /** Processor time of all its processes, user and system, per accepted write. */
  cpuMsPerWrite: number;
}

export interface Round<C extends Contestant = Contestant> {
  own: C;
  floor: C;
  /** Writes that Baton acknowledged and that are missing afterwards. */
  lost: number;
}

type Condition = NonNullable<Row['conditions']>[number];

const CPU_BUDGET = 1.3;

export function ratesOf(rounds: readonly Round[]): Row['rounds'] {
  return rounds.map(({ own, floor }) => ({ own: own.ratePerSecond, floor: floor.ratePerSecond }));
}

export function nothingLost(rounds: readonly Round[]): Condition {
  const lost = rounds.reduce((sum, round) => sum + round.lost, 0);
  return { name: 'nothing lost', holds: lost === 0, figure: `${lost}` };
}

/** The 99th percentile of a call compared with the floor's; without a budget it is shown and always holds. */
export function p99Beside(rounds: readonly Round[], budget?: number): Condition {
  const ratio = median(rounds.map(({ own, floor }) => own.p99 / floor.p99));
  const figure = budget === undefined ? `${median(rounds.map(({ own }) => own.p99)).toFixed(1)} ms, ` : '';
  return {
    name: budget === undefined ? 'p99' : `p99 ≤ ${budget}×`,
    holds: budget === undefined || ratio <= budget * 1.1,
    figure: `${figure}${ratio.toFixed(2)}${budget === undefined ? '×' : ''}`,
  };
}

export function cpuCondition(rounds: readonly Round[]): Condition {
  const own = median(rounds.map((round) => round.own.cpuMsPerWrite));
  const ratio = median(rounds.map((round) => round.own.cpuMsPerWrite / round.floor.cpuMsPerWrite));
  return {
    name: `CPU per write ≤ ${CPU_BUDGET}×`,
    holds: ratio <= CPU_BUDGET * 1.1,
    figure: `${own.toFixed(2)} ms, ${ratio.toFixed(2)}`,
  };
}

export function cpuRow(name: string, floor: string, rounds: readonly Round[]): Row {
  return {
    name,
    floor,
    budget: { op: '<=', ratio: CPU_BUDGET },
    unit: 'ms per accepted write',
    rounds: rounds.map(({ own, floor: other }) => ({ own: own.cpuMsPerWrite, floor: other.cpuMsPerWrite })),
  };
}
