// Finds a ready node of a large run without walking all of its nodes: a frontier per run, updated commit by commit.
// Only a hint: claimNode checks the run document itself, and walks it if the hint is wrong. Used by tools/run-claim.ts.

import type { Documents } from '../documents/documents.ts';
import { begunOf, type RunDocument } from '../domain/run/document.ts';
import type { ClaimInput } from '../domain/run/fit.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { AnyNode } from '../graph/kinds/index.ts';
import { Frontier } from '../graph/ready/frontier.ts';
import type { FoldedCommit } from '../store/fold.ts';

/** The number of runs whose frontier is kept; the oldest frontier is dropped first. */
const KEPT = 16;
/** In smaller runs a walk costs less than keeping a frontier. */
const WORTH_NODES = 200;

interface Kept {
  /** Hash of the definition. */
  graph: string;
  frontier: Frontier;
  /** Nodes that have changed since the frontier was last asked. */
  changed: Set<string>;
}

export class ReadyIndex {
  private readonly kept = new Map<string, Kept>();

  private readonly worthNodes: number;

  constructor(documents: Pick<Documents, 'onChange'>, options: { worthNodes?: number } = {}) {
    this.worthNodes = options.worthNodes ?? WORTH_NODES;
    documents.onChange((commits) => this.note(commits));
  }

  /** The hint that claimNode takes. */
  readonly hint: NonNullable<ClaimInput['hint']> = (run, graph, now, suits) => this.next(run, graph, now, suits);

  /**
   * The id of a node that suits and was ready when the frontier last saw it; undefined if there is none, or if the run
   * has fewer than `worthNodes` nodes. `now` is in ms since the epoch.
   */
  next(
    run: Readonly<RunDocument>,
    graph: RunGraph,
    now: number,
    suits: (node: AnyNode) => boolean,
  ): string | undefined {
    if (graph.prepared.ids.length < this.worthNodes) return undefined;
    const known = this.kept.get(run.id);
    // A frontier of the definition that the run had before knows other nodes.
    const kept = known?.graph === graph.hash ? known : this.begin(run, graph);
    for (const id of kept.changed) {
      const node = run.nodes[id];
      if (node === undefined) {
        // The frontier saw a record that an undone edit had made, and cannot forget it: start again.
        this.kept.delete(run.id);
        return undefined;
      }
      kept.frontier.set(id, node);
    }
    kept.changed.clear();
    const { nodes } = graph.prepared.graph;
    const at = (id: string): AnyNode | undefined => nodes[graph.prepared.index.get(id) ?? -1];
    const found = kept.frontier.next(now, { maxParallel: Number.POSITIVE_INFINITY, onFailure: 'continue' }, (id) => {
      const node = at(id);
      return node !== undefined && suits(node);
    });
    // Marked as changed, because the claim may succeed or fail: the next call reads the node's record again.
    if (found !== undefined) kept.changed.add(found.id);
    return found?.id;
  }

  private begin(run: Readonly<RunDocument>, graph: RunGraph): Kept {
    // Records are replaced, never changed in place but for their lease: the frontier may hold them.
    const frontier = new Frontier(graph.prepared, run.nodes, begunOf(run));
    const kept = { graph: graph.hash, frontier, changed: new Set<string>() };
    this.kept.set(run.id, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT && oldest !== undefined) this.kept.delete(oldest);
    return kept;
  }

  private note(commits: readonly FoldedCommit[]): void {
    for (const { commit } of commits) {
      for (const { stream, type, data } of commit.events) {
        const run = stream.startsWith('run/') ? stream.slice('run/'.length) : '';
        const kept = this.kept.get(run);
        if (kept === undefined) continue;
        // A node that was skipped and is tried after all takes its successors back: the frontier cannot. Nor can it
        // take in an event that is about no single node, such as an edit by hand.
        if (type === 'node.retried' || typeof data?.node !== 'string') this.kept.delete(run);
        else kept.changed.add(data.node);
      }
    }
  }
}
