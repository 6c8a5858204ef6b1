// The gate `schema`: the output satisfies a JSON Schema.

import type { Json } from '../../json/json.ts';
import { faultIn } from '../../json/schema/schema-check.ts';
import { schemaFaults } from '../../json/schema/schema-rules.ts';
import type { GateSpec } from '../graph.ts';
import { badGate, type GateKind } from './define.ts';

export interface SchemaGate extends GateSpec {
  kind: 'schema';
  schema: Record<string, Json>;
}

export const schema: GateKind<SchemaGate> = {
  kind: 'schema',
  stage: 'pure',
  fields: { schema: { type: 'json', about: 'a JSON Schema of the output' } },
  requires: ['schema'],
  summary: 'the output satisfies a JSON Schema',
  example: { id: 'shape', kind: 'schema', schema: { type: 'object', required: ['tag'] } },

  check: ({ schema: given }, at) =>
    schemaFaults(given ?? null, `${at}/schema`).map((issue) =>
      badGate(issue.at, issue.why, 'use the keywords of JSON Schema that state schemas may use'),
    ),

  judge({ schema: given }, { output }) {
    const fault = faultIn(given, output);
    return fault && `output${fault.at.map((step) => `/${step}`).join('')}: ${fault.rule}; found ${fault.found}`;
  },
};
