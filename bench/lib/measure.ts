// Medians, percentiles, interleaved rounds, and the shape of a row. Only ratios to a floor of the same run count.

export interface Row {
  name: string;
  floor: string;
  /** The measured ratio must be at most (`<=`) or at least (`>=`) the budget; 10 % over is still held. */
  budget: { op: '<=' | '>='; ratio: number };
  /** Figures of each round, the row's own and the floor's, in the unit given. */
  unit: string;
  rounds: { own: number; floor: number }[];
  /** Further conditions that hold or not, such as «0 lost». */
  conditions?: { name: string; holds: boolean; figure: string }[];
  note?: string;
}

export interface NotMeasured {
  name: string;
  why: string;
}

export interface BenchContext {
  /** Directory of bundled floors and workers. */
  built: string;
  /** Where the benchmark-only packages are installed. */
  benchDir: string;
  /** The built server. */
  baton: string;
  /** A fresh directory under the benchmark's own temporary one. */
  freshDir(): string;
  rounds: number;
  /** False where better-sqlite3 could not be installed: its rows then have another floor. */
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

/** Within 10 % of its budget, and every further condition true. */
export function holds(row: Row): boolean {
  const ratio = ratioOf(row);
  const within = row.budget.op === '<=' ? ratio <= row.budget.ratio * 1.1 : ratio >= row.budget.ratio * 0.9;
  return within && (row.conditions ?? []).every((condition) => condition.holds);
}

/** Runs each of the named measurements once per round, in turn, so that drift of the machine hits all of them alike. */
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

/** Pairs rounds of a measurement with those of its floor. */
export function paired(own: readonly number[], floor: readonly number[]): Row['rounds'] {
  return own.map((value, index) => ({ own: value, floor: floor[index] ?? Number.NaN }));
}

/** Milliseconds of each of `count` sequential calls. */
export async function timeEach(count: number, call: (index: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    await call(index);
    times.push(performance.now() - start);
  }
  return times;
}

/** Calls per second with so many under way at once. */
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
