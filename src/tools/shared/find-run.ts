// Finds graphs and runs for the tools that name one: by saved name, hash or id, with like names in the failure.

import type { Services } from '../../app/services.ts';
import { nearest } from '../../base/nearest.ts';
import type { View } from '../../documents/documents.ts';
import { type RunDocument, runStream } from '../../domain/run/document.ts';
import { graphStream, type SavedGraph } from '../../domain/run/saved-graph.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { isId } from '../../store/stream.ts';

/** The definition with this saved name or hash. Fails with `unknown-graph`. */
export async function findGraph(services: Services, named: string): Promise<Result<RunGraph>> {
  const { documents } = services;
  if (/^[0-9a-f]{64}$/.test(named)) {
    const graph = documents.definitions.get(named);
    return graph === undefined ? fail({ code: 'unknown-graph', graph: named, near: [] }) : ok(graph);
  }
  const found = await documents.read((view): Result<string> => {
    const hash = isId(named) ? view.get<SavedGraph>(graphStream(named))?.hash : undefined;
    if (hash !== undefined) return ok(hash);
    return fail({ code: 'unknown-graph', graph: named, near: nearest(named, idsOf(view, 'graph/')) });
  });
  return found.ok ? ok(storedGraph(services, found.value)) : found;
}

/** The definition of a run. Fails with `unknown-run`. */
export async function findRunGraph(services: Services, run: string): Promise<Result<RunGraph>> {
  const found = await services.documents.read((view): Result<string> => {
    const hash = isId(run) ? view.get<RunDocument>(runStream(run))?.graph : undefined;
    return hash !== undefined ? ok(hash) : fail({ code: 'unknown-run', run, near: nearest(run, idsOf(view, 'run/')) });
  });
  return found.ok ? ok(storedGraph(services, found.value)) : found;
}

/** The definition that a document names. Throws FailureError `store-damaged` if its blob is gone. */
export function storedGraph(services: Pick<Services, 'documents'>, hash: string): RunGraph {
  return services.documents.definitions.named(hash);
}

/** The node's id as the graph spells it: nodes of a sprint's run are its tasks, shown elsewhere as TSK-2. */
export function nodeNamed(graph: RunGraph, given: string | undefined): string | undefined {
  if (given === undefined || graph.prepared.index.has(given)) return given;
  const lower = given.toLowerCase();
  return graph.prepared.index.has(lower) ? lower : given;
}

/** Adds like names to the failure `unknown-node`. */
export function withNearNodes<T>(result: Result<T>, graph: RunGraph): Result<T> {
  if (result.ok || result.failure.code !== 'unknown-node') return result;
  return fail({ ...result.failure, near: nearest(result.failure.node, graph.prepared.ids) });
}

function idsOf(view: View, prefix: string): string[] {
  return view.streams(prefix).map((stream) => stream.slice(prefix.length));
}
