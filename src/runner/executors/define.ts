// The shape of an executor: how a server performs the nodes of one kind. One file per kind, listed in index.ts. The
// runner handles claims, leases and reports; an executor does the work and answers how it ended.

import type { ReportInput } from '../../domain/run/report.ts';
import type { AnyNode } from '../../graph/kinds/index.ts';
import type { Blobs } from '../../store/port.ts';
import type { ExecutorSettings } from './settings.ts';

/** One claimed node to be performed. */
export interface Assignment<N extends AnyNode = AnyNode> {
  node: N;
  /** The longest duration of one try. */
  runMs: number;
  /** An absolute path. */
  workspaceRoot: string;
  settings: ExecutorSettings;
  blobs: Blobs;
  /** Aborted when the claim is lost or this server closes: work that has begun must end. */
  signal: AbortSignal;
  /**
   * To be called before the work has any effect: a node that was not begun is given back when this server closes. The
   * given process is recorded with the claim, so that a server that takes over can end it first.
   */
  begun(process?: { pid: number; start: string }): void;
}

/** How the work ended: the report of the node. */
export type Ended = Pick<ReportInput, 'status' | 'output' | 'summary' | 'errorKind' | 'evidence'>;

export interface Executor<N extends AnyNode = AnyNode> {
  readonly kind: N['kind'];
  /** The start option that admits such nodes, for messages. */
  readonly flag: string;
  /** Whether this server was started with options for such nodes; without any enabled executor it has no runner. */
  enabled(settings: ExecutorSettings): boolean;
  /** The start options of this server that admit nodes, in the words of the kind's `admission`. */
  options(settings: ExecutorSettings): string[];
  /** Why this server may not perform the node; undefined if it may. Contract: pure. */
  refusal(node: N, settings: ExecutorSettings): string | undefined;
  /** Does the work of an admitted node. An error that it throws is logged, and the claim is left to be found lost. */
  perform(work: Assignment<N>): Promise<Ended>;
}
