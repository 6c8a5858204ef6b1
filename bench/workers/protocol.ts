// The protocol between lib/workers.ts and its worker processes: «ready», then «go», then one line of results.

/** The measurements of one worker. */
export interface WorkerRun {
  /** The duration in ms of each acknowledged operation. */
  times: number[];
  /** Void lines that this process saw during the run. */
  voids: number;
}

export interface WorkerResult extends WorkerRun {
  /** Processor time of the run in all threads, user and system. */
  cpuMs: number;
}

/** Says «ready», waits for «go», runs, and writes the results. */
export async function serveWorker(run: () => Promise<WorkerRun>): Promise<void> {
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const before = process.cpuUsage();
  const done = await run();
  const { user, system } = process.cpuUsage(before);
  const result: WorkerResult = { ...done, cpuMs: (user + system) / 1000 };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
