// Medians, percentiles, interleaved rounds, and the type of a row. A result is a ratio to a floor (baseline) measured
// in the same run, because absolute times depend on the machine. Used by run.ts and rows/.

export interface Row {
  name: string;
  floor: string;
  /** The ratio must be at most (`<=`) or at least (`>=`) the budget, with a tolerance of 10 %. */
  budget: { op: '<=' | '>='; ratio: number };
  unit: string;
  /** The figures of each round, Baton's own and the floor's, in `unit`. */
  rounds: { own: number; floor: number }[];
  /** Further conditions, such as «0 lost». */
  conditions?: { name: string; holds: boolean; figure: string }[];
  note?: string;
}

export interface NotMeasured {
  name: string;
  why: string;
}

export interface BenchContext {
  /** The directory of bundled floors and workers. */
  built: string;
  /** The directory in which the benchmark's own packages are installed. */
  benchDir: string;
  /** The built server. */
  baton: string;
  /** Makes a new directory under the benchmark's temporary one. */
  freshDir(): string;
  rounds: number;
  /** False if better-sqlite3 could not be installed; rows that need it then use another floor or are skipped. */
  sqlite: boolean;
  say(text: string): void;
}

export type RowGroup = (context: BenchContext) => Promise<(Row | NotMeasured)[]>;

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The median of the rounds' ratios. */
export function ratioOf(row: Row): number {
  return median(row.rounds.map(({ own, floor }) => own / floor));
}

/** Whether a row is within 10 % of its budget and all its conditions hold. */
export function holds(row: Row): boolean {
  const ratio = ratioOf(row);
  const within = row.budget.op === '<=' ? ratio <= row.budget.ratio * 1.1 : ratio >= row.budget.ratio * 0.9;
  return within && (row.conditions ?? []).every((condition) => condition.holds);
}

/** Runs each measurement once per round, in turn, so that a drift of the machine affects all of them alike. */
export async function interleave<K extends string>(
  rounds: number,
  measurements: Record<K, () => Promise<number>>,
): Promise<Record<K, number[]>> {
  const results = {} as Record<K, number[]>;
  const names = Object.keys(measurements) as K[];
  for (const name of names) results[name] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) results[name].push(await measurements[name]());
  }
  return results;
}

/** Pairs the rounds of a measurement with those of its floor. */
export function paired(own: readonly number[], floor: readonly number[]): Row['rounds'] {
  return own.map((value, index) => ({ own: value, floor: floor[index] ?? Number.NaN }));
}

/** The duration in ms of each of `count` sequential calls. */
export async function timeEach(count: number, call: (index: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    await call(index);
    times.push(performance.now() - start);
  }
  return times;
}

/** Calls per second with a fixed number of calls in flight. */
export async function ratePerSecond(
  total: number,
  inFlight: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const start = performance.now();
  const lane = async () => {
    while (next < total) {
      const index = next;
      next += 1;
      await call(index);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (total / (performance.now() - start)) * 1000;
}
