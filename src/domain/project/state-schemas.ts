// Applies the JSON Schemas of a project to the state of its sessions: after a command, every value that it changed and
// that has a schema must satisfy it. `underSchemas` wraps the commands that write state. Pure; called by
// tools/shared/state-rules.ts, tools/project-save.ts and views/project/violations.ts.

import { type Failure, fail } from '../../failure/failure.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { getAt, parsePointer } from '../../json/pointer.ts';
import { faultIn } from '../../json/schema/schema-check.ts';
import { printPath } from '../../path/scan.ts';
import type { Decide } from '../command.ts';
import { type SessionDocument, sessionStream } from '../session/document.ts';
import { jsonLength } from '../state/etag.ts';
import { type ProjectDocument, projectStream } from './document.ts';
import { type Step, schemaSteps } from './schema-path.ts';
import { WatchedTransaction, type WatchOps } from './watched.ts';

/** The most characters of JSON of one value with a schema: it is checked whole at each change within it. */
const MAX_PLACE_CHARS = 256 * 1024;

/**
 * Whether a project has schemas now. The answer is read outside of the transaction: commits in projects without schemas
 * need not expect the project's document. A command that starts after a schema was saved still sees it, because every
 * try refreshes the log first.
 */
export type InForce = (project: string) => boolean;

/**
 * Wraps a command: it fails with `schema-violated` or `too-large` if the state it leaves does not satisfy the schemas.
 */
export function underSchemas<A>(session: string, inForce: InForce, command: Decide<A>): Decide<A> {
  return (tx, ctx) => {
    const changed = new Set<string>();
    // An appended element (RFC 6902: `-`) has no index yet: its array counts as changed.
    const see: WatchOps = (ops) => {
      for (const { path } of ops) changed.add(path.replace(/\/-$/, ''));
    };
    const result = command(new WatchedTransaction(tx, sessionStream(session), see), ctx);
    if (!result.ok || changed.size === 0) return result;
    const doc = tx.read<JsonObject>(sessionStream(session));
    const project = (doc as unknown as SessionDocument | undefined)?.session.project;
    if (doc === undefined || project === undefined || !inForce(project)) return result;
    const schemas = schemasOf(tx.read<ProjectDocument>(projectStream(project)));
    const broken = violation(doc, schemas, changed);
    return broken === undefined ? result : fail(failureOf(broken));
  };
}

/** The schemas of a project by path; empty if it has none. */
export function schemasOf(project: Readonly<Pick<ProjectDocument, 'config'>> | undefined): JsonObject {
  const schemas = project?.config?.schemas;
  return isObject(schemas) ? schemas : {};
}

/** A value that does not satisfy the schema of a path, or is too large to be checked. */
export type Violation = { path: string; schema: string } & (
  | { code: 'schema-violated'; rule: string; found: string }
  | { code: 'too-large'; limit: number }
);

/** The first violation: among the values that the pointers touch, or by default in the whole document. */
export function violation(
  doc: Readonly<JsonObject>,
  schemas: Readonly<JsonObject>,
  changed: Iterable<string> = [''],
): Violation | undefined {
  const pointers = [...changed].map(parsePointer);
  for (const [path, schema] of Object.entries(schemas)) {
    const steps = schemaSteps(path);
    // Another version of the program accepted this path: no value can be checked by it.
    if (!steps.ok) continue;
    for (const place of placesOf(doc, steps.value, pointers)) {
      const value = getAt(doc, place);
      if (value === undefined) continue;
      if (jsonLength(value, MAX_PLACE_CHARS) > MAX_PLACE_CHARS)
        return { code: 'too-large', path: shownPath(doc, place), schema: path, limit: MAX_PLACE_CHARS };
      const fault = faultIn(schema, value);
      if (fault === undefined) continue;
      const { at, rule, found } = fault;
      return { code: 'schema-violated', path: shownPath(doc, [...place, ...at]), schema: path, rule, found };
    }
  }
  return undefined;
}

/** The place as a path of the state tools, array elements by number. */
function shownPath(doc: Readonly<JsonObject>, place: readonly (string | number)[]): string {
  let parent: Json | undefined = doc;
  const tokens = place.map((token) => {
    const shown = Array.isArray(parent) ? Number(token) : token;
    parent = getAt(parent ?? null, [String(token)]);
    return shown;
  });
  return printPath(tokens);
}

function failureOf(broken: Violation): Failure {
  if (broken.code === 'schema-violated') return broken;
  const { path, schema, limit } = broken;
  const instead = `keep less there, or lay the schema over its parts with project_save (${schema}.*)`;
  return { code: 'too-large', what: `${path}, which has a schema,`, limit, instead };
}

/** Places that a schema's path selects and that the pointers name, contain or lie within; each once. */
function placesOf(doc: Readonly<JsonObject>, steps: readonly Step[], pointers: readonly string[][]): string[][] {
  const found = new Map<string, string[]>();
  for (const pointer of pointers) {
    const shared = Math.min(steps.length, pointer.length);
    if (steps.slice(0, shared).some((step, depth) => step !== undefined && step !== pointer[depth])) continue;
    for (const place of expand(doc, pointer.slice(0, shared), steps.slice(shared)))
      found.set(JSON.stringify(place), place);
  }
  return [...found.values()];
}

/** The places that the remaining steps select from one place. */
function expand(doc: Readonly<JsonObject>, from: string[], steps: readonly Step[]): string[][] {
  let places = [from];
  for (const step of steps) {
    places = places.flatMap((place) => {
      if (step !== undefined) return [[...place, step]];
      const value = getAt(doc, place);
      return typeof value === 'object' && value !== null ? Object.keys(value).map((key) => [...place, key]) : [];
    });
  }
  return places;
}
