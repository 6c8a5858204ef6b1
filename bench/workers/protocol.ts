// What the orchestrator and its worker processes say to each other: «ready», then «go», then one line of results.

export interface WorkerResult {
  /** Milliseconds of each acknowledged operation. */
  times: number[];
  /** Void lines this process saw while it worked. */
  voids: number;
}

/** Says ready, waits for go, runs, and reports. */
export async function serveWorker(run: () => Promise<WorkerResult>): Promise<void> {
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const result = await run();
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
