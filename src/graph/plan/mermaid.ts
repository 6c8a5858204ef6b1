// A graph as Mermaid flowchart text, for people. Called by graph_check.

import type { Graph, Kinds, Performer } from '../graph.ts';

/** Beyond this no renderer draws anything useful, and the text alone would fill an answer. */
const MAX_DRAWN = 200;
const MAX_LABEL = 60;
/** Before and after the label: who does the work shows in the shape. */
const SHAPES: Record<Performer, readonly [string, string]> = {
  agent: ['(["', '"])'],
  server: ['["', '"]'],
  person: ['{{"', '"}}'],
  engine: ['(("', '"))'],
};

/**
 * Text of a flowchart, top down; undefined for more than 200 nodes. Any title is safe: what Mermaid reads is escaped.
 */
export function mermaid(graph: Pick<Graph, 'nodes'>, kinds: Kinds): string | undefined {
  const { nodes } = graph;
  if (nodes.length > MAX_DRAWN) return undefined;
  // Numbers as ids: some words ("end", "class") are keywords, and a dot or dash has a meaning of its own.
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

/** Everything but letters, digits and plain punctuation as a character reference of Mermaid's: `#34;` is a quote. */
function label(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ')];
  const cut = characters.length > MAX_LABEL ? [...characters.slice(0, MAX_LABEL - 1), '…'] : characters;
  return cut.map((c) => (/[\p{L}\p{N} .,:_/+-]/u.test(c) ? c : `#${c.codePointAt(0)};`)).join('');
}
