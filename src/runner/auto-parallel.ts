// How many nodes of a run go on at once where `max_parallel` is "auto", and command nodes where it is absent. Used by
// run_start and by the runner.

import { availableParallelism, freemem } from 'node:os';

const NODE_BYTES = 512 * 1024 * 1024;

/** Two per core, because agents mostly wait, and half a gigabyte of free memory for each; at least one. */
export function autoParallel(): number {
  return Math.max(1, Math.min(2 * availableParallelism(), Math.floor(freemem() / NODE_BYTES)));
}
