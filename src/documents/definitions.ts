// Graph definitions by hash: kept as blobs, prepared once per process. Tools and runner take them from here.

import type { RunGraph } from '../domain/run/document.ts';
import { canonicalGraph } from '../graph/graph.ts';
import { type AnyGraph, nodeKinds } from '../graph/kinds/index.ts';
import { prepare } from '../graph/prepare.ts';
import type { Blobs } from '../store/port.ts';

/** Prepared definitions kept in memory: those of the runs under way are few. */
const KEPT = 32;

export class Graphs {
  private readonly blobs: Blobs;
  /** The longest unused goes first. */
  private readonly prepared = new Map<string, RunGraph>();
  private hits = 0;
  private misses = 0;

  constructor(blobs: Blobs) {
    this.blobs = blobs;
  }

  /** Stores a definition, durably. Contract: `checkGraph` found it sound. */
  put(graph: AnyGraph): RunGraph {
    const hash = this.blobs.put(Buffer.from(canonicalGraph(graph)));
    return this.get(hash) ?? this.keep({ hash, prepared: prepare(graph, nodeKinds) });
  }

  /** The definition with this hash; undefined if the store has none, or its bytes are damaged. */
  get(hash: string): RunGraph | undefined {
    const known = this.prepared.get(hash);
    if (known !== undefined) {
      this.hits += 1;
      this.prepared.delete(hash);
      return this.keep(known);
    }
    this.misses += 1;
    const bytes = this.blobs.get(hash);
    if (bytes === undefined) return undefined;
    const graph: AnyGraph = JSON.parse(bytes.toString('utf8'));
    return this.keep({ hash, prepared: prepare(graph, nodeKinds) });
  }

  /** How often a definition was at hand. */
  counts(): { hits: number; misses: number; held: number } {
    return { hits: this.hits, misses: this.misses, held: this.prepared.size };
  }

  private keep(graph: RunGraph): RunGraph {
    this.prepared.set(graph.hash, graph);
    const [oldest] = this.prepared.keys();
    if (this.prepared.size > KEPT && oldest !== undefined) this.prepared.delete(oldest);
    return graph;
  }
}
