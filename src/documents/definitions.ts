// Graph definitions by hash: stored as blobs, prepared once per process. Commands get them by ctx.definition: a blob
// never changes, so a hash names the same definition in every process and every try.

import { MAX_TIMER_MS } from '../config/limits.ts';
import { FailureError } from '../failure/failure.ts';
import type { RunGraph } from '../graph/definition.ts';
import { canonicalGraph } from '../graph/graph.ts';
import { type AnyGraph, nodeKinds } from '../graph/kinds/index.ts';
import { prepare } from '../graph/prepare.ts';
import type { Blobs } from '../store/port.ts';
import type { Supplier, Supplies } from './supplies.ts';

/** The most prepared definitions in memory: few runs are active at once. */
const KEPT = 32;

export class Definitions implements Supplier<RunGraph> {
  private readonly blobs: Blobs;
  /** In the order of use, the longest unused first. */
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
    return this.prepareBytes(hash, this.blobs.get(hash));
  }

  /**
   * The definition that a document names. Throws FailureError `store-damaged` if its blob is gone or damaged. If the
   * blob has to be fetched, `supplies` ends the try and the command decides again.
   */
  named(hash: string, supplies?: Supplies): RunGraph {
    const within = this.get(hash);
    const found = within ?? (this.blobs.fetch === undefined ? undefined : supplies?.need(this, hash));
    if (found !== undefined) return found;
    const why = 'a graph that a document names is missing, or its bytes have changed';
    throw new FailureError({ code: 'store-damaged', file: `blobs/${hash}`, offset: 0, why });
  }

  async fetch(hashes: ReadonlySet<string>, deadlineAt: number): Promise<ReadonlyMap<string, RunGraph>> {
    const signal = AbortSignal.timeout(Math.max(0, Math.min(MAX_TIMER_MS, Math.ceil(deadlineAt - performance.now()))));
    const found = new Map<string, RunGraph>();
    const fetchOne = async (hash: string): Promise<void> => {
      const graph = this.prepareBytes(hash, await this.blobs.fetch?.(hash, signal));
      if (graph !== undefined) found.set(hash, graph);
    };
    await Promise.all([...hashes].map(fetchOne));
    return found;
  }

  /** How often a definition was in memory, how often not, and how many are held. */
  counts(): { hits: number; misses: number; held: number } {
    return { hits: this.hits, misses: this.misses, held: this.prepared.size };
  }

  private prepareBytes(hash: string, bytes: Buffer | undefined): RunGraph | undefined {
    if (bytes === undefined) return undefined;
    const graph: AnyGraph = JSON.parse(bytes.toString('utf8'));
    return this.keep({ hash, prepared: prepare(graph, nodeKinds) });
  }

  private keep(graph: RunGraph): RunGraph {
    this.prepared.set(graph.hash, graph);
    const [oldest] = this.prepared.keys();
    if (this.prepared.size > KEPT && oldest !== undefined) this.prepared.delete(oldest);
    return graph;
  }
}
