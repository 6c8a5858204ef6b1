// Pins the sub-graphs of a run when it starts: a name means what it named then, also for nodes that begin days later.
// Called by start.ts.

import { FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { MAX_DEPTH } from '../../graph/check/check-inner.ts';
import type { AnyGraph } from '../../graph/kinds/index.ts';
import { isId } from '../../store/stream.ts';
import type { Context, Transaction } from '../command.ts';
import { graphStream, type SavedGraph } from './saved-graph.ts';

const HASH = /^[0-9a-f]{64}$/;

/**
 * The hash of every graph that nodes name, at any depth, by the name they use. Fails with `unknown-graph`, and with
 * `not-allowed` if a graph would run inside itself or too deep.
 */
export function pinGraphs(tx: Transaction, ctx: Context, graph: AnyGraph): Result<Record<string, string>> {
  const pinned: Record<string, string> = {};
  const found = pinInside(tx, ctx, { graph, path: [], pinned, seen: new Map() });
  return found === undefined ? ok(pinned) : found;
}

interface Inside {
  graph: AnyGraph;
  /** The names of the graphs around it, outer ones first. */
  path: readonly string[];
  pinned: Record<string, string>;
  /** The graphs looked through, by hash, and how deep they lay. */
  seen: Map<string, number>;
}

function pinInside(tx: Transaction, ctx: Context, { graph, path, pinned, seen }: Inside): Result<never> | undefined {
  for (const node of graph.nodes) {
    if (node.kind !== 'graph') continue;
    const name = node.graph;
    const hash = HASH.test(name) ? name : isId(name) ? tx.read<SavedGraph>(graphStream(name))?.hash : undefined;
    if (hash === undefined) return fail({ code: 'unknown-graph', graph: name, near: [] });
    const how = 'change the graph, and save it with graph_check {save_as}';
    if (path.includes(hash)) {
      const why = `"${name}" would run inside itself, by way of ${path.length} more`;
      return fail({ code: 'not-allowed', what: `A run of "${graph.name}"`, why, how });
    }
    if (path.length >= MAX_DEPTH) {
      const why = `"${name}" lies more than ${MAX_DEPTH} graphs deep`;
      return fail({ code: 'not-allowed', what: `A run of "${graph.name}"`, why, how });
    }
    pinned[name] = hash;
    if ((seen.get(hash) ?? -1) >= path.length) continue;
    seen.set(hash, path.length);
    const inner = definitionOf(ctx, hash);
    if (inner === undefined) return fail({ code: 'unknown-graph', graph: name, near: [] });
    const wrong = pinInside(tx, ctx, { graph: inner, path: [...path, hash], pinned, seen });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** A definition that a node names: unlike one that a document names it may be nowhere. */
function definitionOf(ctx: Context, hash: string): AnyGraph | undefined {
  try {
    return ctx.definition(hash).prepared.graph;
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}
