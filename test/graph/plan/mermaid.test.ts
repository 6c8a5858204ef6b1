// Drawings: the shape of a node says who performs it, and text of a graph is text in the drawing.

import { expect, test } from 'vitest';
import type { Kinds, Performer } from '../../../src/graph/graph.ts';
import { mermaid } from '../../../src/graph/plan/mermaid.ts';

const performers: Performer[] = ['agent', 'server', 'person', 'engine'];
const kinds: Kinds = new Map(
  performers.map((performer) => [
    performer,
    { kind: performer, performer, defaultEffect: 'pure', fields: {}, check: () => [] },
  ]),
);

test('each performer has a shape of its own, and what is unknown is drawn too', () => {
  const nodes = [...performers, 'strange'].map((kind) => ({ id: kind, kind }));
  expect(mermaid({ nodes }, kinds)?.split('\n').slice(1, 6)).toEqual([
    '  n0(["agent"])',
    '  n1["server"]',
    '  n2{{"person"}}',
    '  n3(("engine"))',
    '  n4["strange"]',
  ]);
});
