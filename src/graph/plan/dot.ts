// Draws a graph in the DOT language, for people and their tools. Called by graph_check.

import type { Graph, Kinds, Performer } from '../graph.ts';
import { MAX_DRAWN } from './mermaid.ts';

const SHAPES: Record<Performer, string> = { agent: 'oval', server: 'box', person: 'hexagon', engine: 'doublecircle' };

/** The digraph, top down; undefined for too many nodes. Any id or title is safe, because all are quoted. */
export function dot({ nodes }: Pick<Graph, 'nodes'>, kinds: Kinds): string | undefined {
  if (nodes.length > MAX_DRAWN) return undefined;
  const lines = nodes.map(({ id, kind, title }) => {
    const shape = SHAPES[kinds.get(kind)?.performer ?? 'server'];
    return `  ${quoted(id)} [label=${quoted(title ?? id)}, shape=${shape}]`;
  });
  const known = new Set(nodes.map(({ id }) => id));
  const edges = nodes.flatMap(({ id, needs }) =>
    [...new Set(needs)].filter((need) => known.has(need)).map((need) => `  ${quoted(need)} -> ${quoted(id)}`),
  );
  return ['digraph {', ...lines, ...edges, '}', ''].join('\n');
}

/** Backslashes too: before an "n" or an "N" they are escapes of their own. */
function quoted(text: string): string {
  return `"${text.replace(/\s+/g, ' ').replace(/[\\"]/g, (c) => `\\${c}`)}"`;
}
