// Draws a graph as Mermaid flowchart text for people. Called by graph_check.

import type { Graph, Kinds, Performer } from '../graph.ts';

/** The most nodes drawn: renderers draw larger charts unreadably, and the text would fill an answer. */
export const MAX_DRAWN = 200;
const MAX_LABEL = 60;
/** The text before and after a label: the shape shows the performer. */
const SHAPES: Record<Performer, readonly [string, string]> = {
  agent: ['(["', '"])'],
  server: ['["', '"]'],
  person: ['{{"', '"}}'],
  engine: ['(("', '"))'],
};

/**
 * The flowchart, top down; undefined for more than 200 nodes. Any title is safe, because special characters are
 * escaped.
 */
export function mermaid(graph: Pick<Graph, 'nodes'>, kinds: Kinds): string | undefined {
  const { nodes } = graph;
  if (nodes.length > MAX_DRAWN) return undefined;
  // Numbers as ids: some words ("end", "class") are keywords of Mermaid, and dots and dashes are syntax.
  const number = new Map(nodes.map((node, i) => [node.id, `n${i}`]));
  const lines = ['flowchart TD'];
  for (const node of nodes) {
    const name = number.get(node.id) ?? '';
    const text = label(node.title ?? node.id);
    const [before, after] = SHAPES[kinds.get(node.kind)?.performer ?? 'server'];
    lines.push(`  ${name}${before}${text}${after}`);
  }
  for (const node of nodes) {
    for (const need of new Set(node.needs)) {
      const from = number.get(need);
      if (from !== undefined) lines.push(`  ${from} --> ${number.get(node.id)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/**
 * A label with everything but letters, digits and plain punctuation as Mermaid character references: `#34;` is a quote.
 */
function label(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ')];
  const cut = characters.length > MAX_LABEL ? [...characters.slice(0, MAX_LABEL - 1), '…'] : characters;
  return cut.map((c) => (/[\p{L}\p{N} .,:_/+-]/u.test(c) ? c : `#${c.codePointAt(0)};`)).join('');
}
