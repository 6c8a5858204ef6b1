// The schemas of a graph's parts for tool inputs, made from the descriptions of node fields (graph/graph.ts and
// graph/kinds/): types and sizes only. graph/check/ checks ranges, and whether a field belongs to its node's kind, with
// a hint and for all nodes at once. Used by graph-check.ts and run-start.ts.

import { z } from 'zod';
import { MAX_PARALLEL } from '../../config/limits.ts';
import type { Field, Fields, FieldType } from '../../graph/fields.ts';
import { SHARED_FIELDS } from '../../graph/graph.ts';
import { nodeKinds } from '../../graph/kinds/index.ts';

const kinds = [...nodeKinds.values()];
const once = kinds.filter(({ defaultEffect }) => defaultEffect === 'once').map(({ kind }) => kind);

export const nodesInput = z
  .array(
    // Open: fields that few graphs need stand in the documents alone, and graph/check/ refuses what is none.
    z.looseObject({
      ...shapeOf(SHARED_FIELDS),
      id: typeOf(SHARED_FIELDS.id),
      kind: z.enum([...nodeKinds.keys()]),
      effect: worded(SHARED_FIELDS.effect, `; default for ${once.join(', ')}`),
      // Kinds with a field of the same name describe it alike; graph/check/ reports nodes that may not have it.
      ...Object.assign({}, ...kinds.map(({ fields }) => shapeOf(fields))),
    }),
  )
  .max(20_000);

export const defaultsInput = z
  .strictObject({
    retry: typeOf(SHARED_FIELDS.retry).optional(),
    timeouts: typeOf(SHARED_FIELDS.timeouts).optional(),
  })
  .meta({ description: 'retry and timeouts of nodes that do not say theirs', membersListed: false });
export const onFailureInput = z.enum(['fail_fast', 'continue', 'compensate']);
export const maxParallelInput = z.union([z.number().int().min(1).max(MAX_PARALLEL), z.literal('auto')]);

/** The fields as optional schemas: the kind decides which are required. */
function shapeOf(fields: Fields): Record<string, z.ZodType> {
  const listed = Object.entries(fields).filter(([, { unlisted }]) => unlisted !== true);
  return Object.fromEntries(listed.map(([name, field]) => [name, worded(field)]));
}

function worded(field: Field, more = ''): z.ZodType {
  const schema = typeOf(field).optional();
  return field.listed === undefined ? schema : schema.describe(`${field.listed}${more}`);
}

function typeOf(field: FieldType): z.ZodType {
  switch (field.type) {
    case 'text':
      return z.string().max(field.max);
    case 'argument':
      return z.unknown();
    case 'number':
      return field.whole === true ? z.number().int() : z.number();
    case 'flag':
      return z.boolean();
    case 'choice':
      return z.enum([...field.of]);
    case 'list':
      return z.array(typeOf(field.of)).max(field.max);
    case 'map':
      return z.record(z.string(), typeOf(field.of));
    case 'group':
      // What is not listed here is checked by graph/check/, with a hint.
      return Object.values(field.fields).some(({ unlisted }) => unlisted === true)
        ? z.looseObject(shapeOf(field.fields))
        : z.strictObject(shapeOf(field.fields));
    case 'json':
      return z.unknown();
  }
}
