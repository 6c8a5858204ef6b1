// Changes a project's name and configuration: pure command. Every process reads the document in each command, so a
// change applies at once everywhere. Called by tools/project-save.ts, and by team/allocation.ts for a decision that
// passed.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { copyJson, isObject, type JsonObject } from '../../json/json.ts';
import { deepEqual, mergeOps } from '../../json/merge.ts';
import type { PatchOp } from '../../json/patch.ts';
import { escapeToken } from '../../json/pointer.ts';
import type { Context, Transaction } from '../command.ts';
import { checkVersion } from '../if-version.ts';
import { configFaults } from './config.ts';
import { type ProjectDocument, projectStream } from './document.ts';

/** The longest configuration, in characters of JSON: project_get answers it whole. */
export const MAX_CONFIG_CHARS = 15_000;

export interface SaveProjectInput {
  project: string;
  name?: string | undefined;
  /** Merged (RFC 7396): null removes a key. */
  config?: JsonObject | undefined;
  /** An earlier name and configuration, which replace both. */
  restore?: Pick<ProjectDocument, 'name' | 'config'> | undefined;
  ifVersion?: number | undefined;
}

export interface SaveProjectAnswer {
  project: string;
  version: number;
  /** JSON Pointers into the project's document. */
  changed: string[];
}

/**
 * Changes the project. Fails with `unknown-item`, `version-mismatch`, `too-large`, or `invalid-input` with all faults.
 */
export function saveProject(tx: Transaction, ctx: Context, input: SaveProjectInput): Result<SaveProjectAnswer> {
  const { project, ifVersion, restore } = input;
  const stream = projectStream(project);
  const found = tx.read<ProjectDocument>(stream);
  if (found === undefined) return fail({ code: 'unknown-item', kind: 'project', id: project, near: [] });
  const seen = checkVersion({ tx, ctx, stream }, ifVersion, { what: `project ${project}`, read: 'project_get {}' });
  if (!seen.ok) return seen;
  const ops = restore === undefined ? changeOps(found, input) : restoreOps(found, restore);
  const changed = restore === undefined ? ops.flatMap(pathsSet) : ops.map((op) => op.path);
  tx.patch(stream, { type: restore === undefined ? 'project.updated' : 'project.restored' }, ops);
  const config = tx.read<ProjectDocument>(stream)?.config;
  const sizeChars = config === undefined ? 0 : JSON.stringify(config).length;
  if (sizeChars > MAX_CONFIG_CHARS) {
    const instead = 'keep long texts in files and name them here';
    return fail({ code: 'too-large', what: 'the configuration', limit: MAX_CONFIG_CHARS, actual: sizeChars, instead });
  }
  const issues = config === undefined ? [] : configFaults(config);
  if (issues.length > 0) return fail({ code: 'invalid-input', issues });
  return ok({ project, version: tx.version(stream), changed });
}

/** The settings that an operation changes: the first configuration is one operation for all of them. */
function pathsSet(op: PatchOp): string[] {
  if (op.op !== 'add' || op.path !== '/config' || !isObject(op.value)) return [op.path];
  return Object.keys(op.value).map((key) => `/config/${escapeToken(key)}`);
}

function changeOps(found: Readonly<ProjectDocument>, { name, config }: SaveProjectInput): PatchOp[] {
  const ops: PatchOp[] = [];
  if (name !== undefined && name !== found.name) ops.push({ op: 'replace', path: '/name', value: name });
  if (config === undefined || Object.keys(config).length === 0) return ops;
  const { schemas, ...rest } = config;
  // Copied: operations become part of the document, and a command may run several times.
  ops.push(...mergeOps(found.config, '/config', copyJson(isObject(schemas) ? rest : config)));
  if (isObject(schemas)) ops.push(...schemaOps(found.config, schemas));
  return ops;
}

/**
 * Schemas are replaced, not merged: in a schema null is a value, and a merge of two schemas would be neither of them.
 */
function schemaOps(config: Readonly<JsonObject> | undefined, given: Readonly<JsonObject>): PatchOp[] {
  const ops: PatchOp[] = [];
  const before = isObject(config?.schemas) ? config.schemas : undefined;
  const kept = Object.entries(given).filter(([, schema]) => schema !== null);
  if (before === undefined) {
    if (kept.length > 0) ops.push({ op: 'add', path: '/config/schemas', value: copyJson(Object.fromEntries(kept)) });
    return ops;
  }
  for (const [path, schema] of Object.entries(given)) {
    const at = `/config/schemas/${escapeToken(path)}`;
    const old = Object.hasOwn(before, path) ? before[path] : undefined;
    if (schema !== null && old === undefined) ops.push({ op: 'add', path: at, value: copyJson(schema) });
    else if (schema !== null && !deepEqual(old, schema)) ops.push({ op: 'replace', path: at, value: copyJson(schema) });
    else if (schema === null && old !== undefined) ops.push({ op: 'remove', path: at });
  }
  return ops;
}

function restoreOps(found: Readonly<ProjectDocument>, then: Pick<ProjectDocument, 'name' | 'config'>): PatchOp[] {
  const ops: PatchOp[] = [];
  if (then.name !== found.name) ops.push({ op: 'replace', path: '/name', value: then.name });
  if (deepEqual(then.config, found.config)) return ops;
  if (then.config === undefined) ops.push({ op: 'remove', path: '/config' });
  else ops.push({ op: found.config === undefined ? 'add' : 'replace', path: '/config', value: copyJson(then.config) });
  return ops;
}
