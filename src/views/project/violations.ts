// Finds open sessions whose state violates given schemas. Used by tools/project-save.ts to preview and report the
// effect of new schemas.

import type { View } from '../../documents/documents.ts';
import { type Violation, violation } from '../../domain/project/state-schemas.ts';
import { sessionStream } from '../../domain/session/document.ts';
import type { JsonObject } from '../../json/json.ts';
import { openSessions, type ViewScope } from '../team/people.ts';

/** The most sessions that are checked, the last changed first, so that a preview stays as fast as a call. */
const MAX_SESSIONS = 200;
const SHOWN = 10;

/** A type, not an interface: answers are open-ended objects. */
export type ViolationRow = { session: string; path: string; schema: string; why: string };

export interface Violations {
  /** One row per session, with its first violation. */
  rows: ViolationRow[];
  /** How many of the checked sessions violate a schema. */
  count: number;
}

/** The violations of `schemas` (JSON Schemas by path) in open sessions of the project. */
export function violations(view: View, viewScope: ViewScope, schemas: Readonly<JsonObject>): Violations {
  const found: Violations = { rows: [], count: 0 };
  if (Object.keys(schemas).length === 0) return found;
  const sessions = openSessions(view, viewScope).map(({ id }) => ({ id, seq: view.lastSeq(sessionStream(id)) }));
  for (const { id: session } of sessions.sort((a, b) => b.seq - a.seq).slice(0, MAX_SESSIONS)) {
    const doc = view.get<JsonObject>(sessionStream(session));
    const broken = doc === undefined ? undefined : violation(doc, schemas);
    if (broken === undefined) continue;
    found.count += 1;
    if (found.rows.length < SHOWN) found.rows.push({ session, ...described(broken) });
  }
  return found;
}

function described(broken: Violation): Omit<ViolationRow, 'session'> {
  const { path, schema } = broken;
  const why =
    broken.code === 'too-large'
      ? `holds more than ${broken.limit} characters`
      : `${broken.rule}, found ${broken.found}`;
  return { path, schema, why };
}
