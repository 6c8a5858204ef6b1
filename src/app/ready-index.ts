// Which node of a run to look at first, kept up commit by commit, so that a claim in a run of thousands of nodes need
// not walk all of them. Only a hint: claimNode asks the run document itself, and walks it when the hint does not hold.

import type { Documents } from '../documents/documents.ts';
import type { RunDocument } from '../domain/run/document.ts';
import type { ClaimInput } from '../domain/run/fit.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { AnyNode } from '../graph/kinds/index.ts';
import { Frontier } from '../graph/ready/frontier.ts';
import type { FoldedCommit } from '../store/fold.ts';

/** Runs whose frontier is kept; the longest unused goes first. */
const KEPT = 16;
/** Below this a walk costs less than keeping anything up. */
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

  /** A node that was ready when last looked at and suits; undefined if there is none, or the run is small. */
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
        // It was seen claimed, by an edit that was then lost: what the frontier holds of it cannot be taken back.
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
    // Whatever becomes of the claim, the next look takes in how the node stands then.
    if (found !== undefined) kept.changed.add(found.id);
    return found?.id;
  }

  private begin(run: Readonly<RunDocument>, graph: RunGraph): Kept {
    // Records are replaced, never changed in place but for their lease: the frontier may hold them.
    const frontier = new Frontier(graph.prepared, run.nodes);
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
