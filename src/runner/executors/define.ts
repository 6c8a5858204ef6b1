// What an executor is: how a server performs the nodes of one kind. One file per kind, listed in index.ts. Claims,
// leases and reports are the runner's: an executor only does the work and says how it ended.

import type { Config } from '../../config/config.ts';
import type { ReportInput } from '../../domain/run/report.ts';
import type { AnyNode } from '../../graph/kinds/index.ts';
import type { Blobs } from '../../store/port.ts';

/** Of how this server was started: what executors are admitted by. A graph can change none of it. */
export type ExecutorSettings = Pick<Config, 'allowCommands'>;

/** One claimed node to be performed. */
export interface Assignment<N extends AnyNode = AnyNode> {
  node: N;
  /** How long one try may take. */
  runMs: number;
  /** Absolute. */
  workspaceRoot: string;
  childEnv: Readonly<Record<string, string | undefined>>;
  blobs: Blobs;
  /** Aborted when the claim is lost or this server closes: what was begun must end. */
  signal: AbortSignal;
  /**
   * To be called before the work has any effect: a node that was not begun is given back untried when this server
   * closes. The process that does the work is recorded with the claim, so that a server that takes over can end it
   * first.
   */
  begun(process?: { pid: number; start: string }): void;
}

/** How the work ended: the report of the node. */
export type Ended = Pick<ReportInput, 'status' | 'output' | 'summary' | 'errorKind' | 'evidence'>;

export interface Executor<N extends AnyNode = AnyNode> {
  readonly kind: N['kind'];
  /** The flag by which a server is allowed such nodes, for messages. */
  readonly flag: string;
  /** Whether this server was started with what such nodes take: one without any such executor has no runner. */
  enabled(settings: ExecutorSettings): boolean;
  /** Why this server may not perform the node; undefined if it may. Contract: pure. */
  refusal(node: N, settings: ExecutorSettings): string | undefined;
  /** Does the work of an admitted node. What it throws is logged, and the claim is given up as lost. */
  perform(work: Assignment<N>): Promise<Ended>;
}
