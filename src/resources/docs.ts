// baton://docs/graphs: every field of a node, every kind, and every kind of gate, with an example of each. The schema
// of graph_check lists the common ones alone, because every model pays for it at each start.

import type { Fields } from '../graph/fields.ts';
import { gateKinds } from '../graph/gates/index.ts';
import { SHARED_FIELDS } from '../graph/graph.ts';
import { nodeKinds } from '../graph/kinds/index.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { ResourceKind } from './define.ts';

export const docs: ResourceKind = {
  name: 'docs',
  title: 'Reference',
  description: 'The fields of a graph and of its nodes, and the kinds of nodes with an example of each',
  template: 'baton://docs/{id}',
  listedFrom: 'project',
  list: () => [{ id: 'graphs', title: 'Graphs: fields of nodes, and kinds' }],
  read: (_view, id) => (id === 'graphs' ? graphs() : undefined),
  streams: () => [],
};

function graphs(): JsonObject {
  return { every_node: about(SHARED_FIELDS), kinds: described(nodeKinds), gates: described(gateKinds) };
}

function described(kinds: ReadonlyMap<string, { summary: string; fields: Fields; example: object }>): JsonObject {
  const found: JsonObject = {};
  for (const [name, { summary, fields, example }] of kinds)
    found[name] = { summary, fields: about(fields), example: JSON.parse(JSON.stringify(example)) as Json };
  return found;
}

/** One line for each field; of a group, one for each of its fields. */
function about(fields: Fields): JsonObject {
  const lines: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    lines[name] = field.type === 'group' ? { about: field.about, fields: about(field.fields) } : field.about;
  }
  return lines;
}
