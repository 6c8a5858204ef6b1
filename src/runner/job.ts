// One claimed node in work in this process: from its durable claim to its report. Its executor does the work. Started
// by runner.ts.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../base/log.ts';
import type { Documents } from '../documents/documents.ts';
import { renewClaim, spawnedNode } from '../domain/run/hold.ts';
import { type ReportInput, reportNode } from '../domain/run/report.ts';
import type { Failure } from '../failure/failure.ts';
import type { AnyNode } from '../graph/kinds/index.ts';
import type { Author } from '../store/commit.ts';
import type { Executor } from './executors/define.ts';
import type { ExecutorSettings } from './executors/settings.ts';
import { endGroup } from './process/process-group.ts';

/** The longest duration of a try, if neither node nor graph gives one. */
const DEFAULT_RUN_MS = 3_600_000;
/** The time between SIGTERM and SIGKILL when this process itself has to end. */
const CLOSING_GRACE_MS = 100;
/** Pauses between tries to report: a result must not be lost because the disk is full for a while. */
const REPORT_PAUSES_MS = [100, 500, 2_000, 5_000, 15_000, 30_000];

export interface JobParts {
  documents: Documents;
  log: Logger;
  /** The executor of the node's kind. */
  executor: Executor;
  by: Author;
  workspaceRoot: string;
  settings: ExecutorSettings;
  /** The trace context of its commits. */
  trace?: string | undefined;
}

export interface JobClaim {
  claim: string;
  run: string;
  /** The node's id in the run. */
  id: string;
  node: AnyNode;
  leaseMs: number;
  /** Absent: an hour. */
  runMs?: number;
}

export class Job {
  readonly held: JobClaim;
  /** Resolves when the work has ended and, unless the claim was lost, its end is reported. Never rejects. */
  readonly done: Promise<void>;
  private readonly parts: JobParts;
  private readonly stopper = new AbortController();
  private readonly leaseMs: number;
  private renewed = readClocks();
  private stopped: 'lost' | 'closing' | undefined;
  private begun = false;
  private pid: number | undefined;
  private recorded: Promise<unknown> = Promise.resolve();

  /** Contract: the claim's commit is durable. */
  constructor(held: JobClaim, parts: JobParts) {
    this.held = held;
    this.parts = parts;
    this.leaseMs = held.leaseMs;
    this.done = this.work().catch((error: unknown) => {
      parts.log.error({ err: error, node: held.id }, 'a node could not be performed');
    });
  }

  /**
   * In how many ms the claim should be renewed, on the clock that goes faster: the steady one stands while the machine
   * sleeps, and the date may be set.
   */
  get renewInMs(): number {
    const { now, steady } = readClocks();
    return this.leaseMs / 3 - Math.max(steady - this.renewed.steady, Math.abs(now - this.renewed.now));
  }

  /** The claim no longer holds: ends the work by SIGTERM, later SIGKILL, and reports nothing. */
  lose(): void {
    this.stopped ??= 'lost';
    this.stopper.abort();
  }

  /**
   * This process ends: ends the work at once and gives the node back, so that another server need not wait for the
   * lease.
   */
  async close(): Promise<void> {
    if (this.stopped !== undefined) return;
    this.stopped = 'closing';
    this.stopper.abort();
    if (this.pid !== undefined) await endGroup(this.pid, CLOSING_GRACE_MS);
    await this.report({ status: this.begun ? 'interrupted' : 'released' });
  }

  /**
   * Keeps the claim: notes presence, and renews the stored lease if presence does not cover it. `key`: the presence
   * key.
   */
  async renew(key: string): Promise<void> {
    this.renewed = readClocks();
    const { documents, by } = this.parts;
    documents.presence.touch(key);
    const renewed = await documents.change((tx, ctx) => renewClaim(tx, ctx, this.held), { by });
    if (!renewed.ok && isOver(renewed.failure)) this.lose();
  }

  private async work(): Promise<void> {
    const { documents, workspaceRoot, settings, executor } = this.parts;
    const { node, runMs = DEFAULT_RUN_MS } = this.held;
    const ended = await executor.perform({
      node,
      runMs,
      workspaceRoot,
      settings,
      blobs: documents.blobs,
      signal: this.stopper.signal,
      begun: (process) => {
        this.begun = true;
        if (process !== undefined) this.record(process);
      },
    });
    await this.recorded;
    if (this.stopped === undefined) await this.report(ended);
  }

  private record({ pid, start }: { pid: number; start: string }): void {
    const { documents, by, trace } = this.parts;
    const spawned = { claim: this.held.claim, pid, start };
    this.pid = pid;
    this.recorded = documents
      .change((tx, ctx) => spawnedNode(tx, ctx, spawned), { by, trace })
      .then((recorded) => {
        if (!recorded.ok && isOver(recorded.failure)) this.lose();
      });
  }

  private async report(said: Omit<ReportInput, 'claim'>): Promise<void> {
    const { documents, log, by, trace } = this.parts;
    const { claim, id } = this.held;
    const input: ReportInput = { ...said, claim };
    for (const pauseMs of [0, ...REPORT_PAUSES_MS]) {
      if (pauseMs > 0) await delay(pauseMs, undefined, { ref: false });
      const reported = await documents.change((tx, ctx) => reportNode(tx, ctx, input), { by, trace });
      if (reported.ok || isOver(reported.failure)) return;
      log.warn({ node: id, code: reported.failure.code }, 'the end of a node could not be recorded');
      if (this.stopped !== undefined) return;
    }
  }
}

function readClocks(): { now: number; steady: number } {
  return { now: Date.now(), steady: performance.now() };
}

/** Whether the claim is over, as opposed to a store that could not be written. */
function isOver({ code }: Failure): boolean {
  return code === 'stale-claim' || code === 'unknown-claim' || code === 'unknown-run';
}
