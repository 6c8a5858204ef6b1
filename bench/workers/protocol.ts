// What the orchestrator and its worker processes say to each other: «ready», then «go», then one line of results.

/** What a worker did. */
export interface WorkerRun {
  /** Milliseconds of each acknowledged operation. */
  times: number[];
  /** Void lines this process saw while it worked. */
  voids: number;
}

export interface WorkerResult extends WorkerRun {
  /** Processor time of the run, user and system, of all threads. */
  cpuMs: number;
}

/** Says ready, waits for go, runs, and reports. */
export async function serveWorker(run: () => Promise<WorkerRun>): Promise<void> {
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const before = process.cpuUsage();
  const done = await run();
  const { user, system } = process.cpuUsage(before);
  const result: WorkerResult = { ...done, cpuMs: (user + system) / 1000 };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
