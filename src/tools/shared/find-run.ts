// Finding graphs and runs for the tools that name one: by saved name, hash or id, with near names where there is none.

import type { Services } from '../../app/services.ts';
import { nearest } from '../../base/nearest.ts';
import type { View } from '../../documents/documents.ts';
import { type RunDocument, runStream } from '../../domain/run/document.ts';
import { graphStream, type SavedGraph } from '../../domain/run/start.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { isId } from '../../store/stream.ts';

/** The definition that a saved name or a hash means. */
export async function findGraph(services: Services, named: string): Promise<Result<RunGraph>> {
  const { documents, graphs } = services;
  if (/^[0-9a-f]{64}$/.test(named)) {
    const graph = graphs.get(named);
    return graph === undefined ? fail({ code: 'unknown-graph', graph: named, near: [] }) : ok(graph);
  }
  const found = await documents.read((view) => ({
    hash: isId(named) ? view.get<SavedGraph>(graphStream(named))?.hash : undefined,
    near: nearest(named, idsOf(view, 'graph/')),
  }));
  if (found.hash === undefined) return fail({ code: 'unknown-graph', graph: named, near: found.near });
  return ok(storedGraph(services, found.hash));
}

/** The definition of a run, and the run as it is. What `look` returns must be a copy. */
export async function findRunGraph(services: Services, run: string): Promise<Result<RunGraph>> {
  const found = await services.documents.read((view) => ({
    hash: isId(run) ? view.get<RunDocument>(runStream(run))?.graph : undefined,
    near: nearest(run, idsOf(view, 'run/')),
  }));
  if (found.hash === undefined) return fail({ code: 'unknown-run', run, near: found.near });
  return ok(storedGraph(services, found.hash));
}

/** A definition that a document names. Throws FailureError if its blob is gone: that is damage. */
export function storedGraph(services: Pick<Services, 'graphs'>, hash: string): RunGraph {
  return services.graphs.named(hash);
}

/** A node as the graph spells it: those of a sprint's run are its tasks, which everything else shows as TSK-2. */
export function nodeNamed(graph: RunGraph, given: string | undefined): string | undefined {
  if (given === undefined || graph.prepared.index.has(given)) return given;
  const lower = given.toLowerCase();
  return graph.prepared.index.has(lower) ? lower : given;
}

/** Adds near names to a failure that names a node. */
export function withNearNodes<T>(result: Result<T>, graph: RunGraph): Result<T> {
  if (result.ok || result.failure.code !== 'unknown-node') return result;
  return fail({ ...result.failure, near: nearest(result.failure.node, graph.prepared.ids) });
}

function idsOf(view: View, prefix: string): string[] {
  return view.streams(prefix).map((stream) => stream.slice(prefix.length));
}
