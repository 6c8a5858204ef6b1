// One node at work in this process: from its durable claim to its report. The work itself is its executor's. Started by
// runner.ts.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../base/log.ts';
import type { Documents } from '../documents/documents.ts';
import { renewClaim, spawnedNode } from '../domain/run/hold.ts';
import { type ReportInput, reportNode } from '../domain/run/report.ts';
import type { Failure } from '../failure/failure.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { AnyNode } from '../graph/kinds/index.ts';
import type { Author } from '../store/commit.ts';
import type { Executor } from './executors/define.ts';
import { endGroup } from './process/process-group.ts';

/** Where neither node nor graph says how long a try may take. */
const DEFAULT_RUN_S = 3_600;
/** Between SIGTERM and SIGKILL when this process itself has to go. */
const CLOSING_GRACE_MS = 100;
/** A result is not thrown away because the disk was full for a moment. */
const REPORT_PAUSES_MS = [100, 500, 2_000, 5_000, 15_000, 30_000];

export interface JobParts {
  documents: Documents;
  log: Logger;
  /** Of the node's kind. */
  executor: Executor;
  by: Author;
  workspaceRoot: string;
  childEnv: Readonly<Record<string, string | undefined>>;
  /** The trace context of its commits. */
  trace?: string | undefined;
}

export interface JobClaim {
  claim: string;
  run: string;
  graph: RunGraph;
  node: AnyNode;
}

export class Job {
  readonly held: JobClaim;
  /** Resolves when the work has ended and, unless the claim was lost, its end is reported. Never rejects. */
  readonly done: Promise<void>;
  /** Ms since the epoch: when the claim should be renewed next. */
  renewAt: number;
  private readonly parts: JobParts;
  private readonly stopper = new AbortController();
  private readonly leaseMs: number;
  private stopped: 'lost' | 'closing' | undefined;
  private begun = false;
  private pid: number | undefined;
  private recorded: Promise<unknown> = Promise.resolve();

  /** Contract: the claim's commit is durable. */
  constructor(held: JobClaim, parts: JobParts) {
    this.held = held;
    this.parts = parts;
    this.leaseMs = held.graph.prepared.leaseMs[held.graph.prepared.index.get(held.node.id) ?? 0] ?? 0;
    this.renewAt = Date.now() + this.leaseMs / 3;
    this.done = this.work().catch((error: unknown) => {
      parts.log.error({ err: error, node: held.node.id }, 'a node could not be performed');
    });
  }

  /** The claim does not hold any more: TERM, a while, KILL, and no report. */
  lose(): void {
    this.stopped ??= 'lost';
    this.stopper.abort();
  }

  /** This process ends: the work is ended at once, and the node given up, so that another server need not wait. */
  async close(): Promise<void> {
    if (this.stopped !== undefined) return;
    this.stopped = 'closing';
    this.stopper.abort();
    if (this.pid !== undefined) await endGroup(this.pid, CLOSING_GRACE_MS);
    await this.report({ status: this.begun ? 'interrupted' : 'released' });
  }

  /** Keeps the claim: its agent is seen, and the lease is stored anew where that does not cover it. */
  async renew(key: string): Promise<void> {
    this.renewAt = Date.now() + this.leaseMs / 3;
    const { documents, by } = this.parts;
    documents.presence.touch(key);
    const renewed = await documents.change((tx, ctx) => renewClaim(tx, ctx, this.held), { by });
    if (!renewed.ok && isOver(renewed.failure)) this.lose();
  }

  private async work(): Promise<void> {
    const { documents, workspaceRoot, childEnv, executor } = this.parts;
    const { node, graph } = this.held;
    const runS = node.timeouts?.run_s ?? graph.prepared.graph.defaults?.timeouts?.run_s ?? DEFAULT_RUN_S;
    const ended = await executor.perform({
      node,
      runMs: runS * 1_000,
      workspaceRoot,
      childEnv,
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
    const { claim, node } = this.held;
    const input: ReportInput = { ...said, claim };
    for (const pauseMs of [0, ...REPORT_PAUSES_MS]) {
      if (pauseMs > 0) await delay(pauseMs, undefined, { ref: false });
      const reported = await documents.change((tx, ctx) => reportNode(tx, ctx, input), { by, trace });
      if (reported.ok || isOver(reported.failure)) return;
      log.warn({ node: node.id, code: reported.failure.code }, 'the end of a node could not be recorded');
      if (this.stopped !== undefined) return;
    }
  }
}

/** The claim is not ours any more, as opposed to a store that could not be written just now. */
function isOver({ code }: Failure): boolean {
  return code === 'stale-claim' || code === 'unknown-claim' || code === 'unknown-run';
}
