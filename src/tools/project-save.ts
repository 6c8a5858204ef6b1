// project_save: changes the project's name and configuration, shows what a change would do, or restores an earlier one.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { nearest } from '../base/nearest.ts';
import { eventsOf, valueAt } from '../documents/past.ts';
import type { Decide } from '../domain/command.ts';
import { partFaults } from '../domain/project/config.ts';
import { type ProjectDocument, projectStream } from '../domain/project/document.ts';
import { fitsPattern } from '../domain/project/policy.ts';
import { type SaveProjectAnswer, saveProject } from '../domain/project/save.ts';
import { schemasOf } from '../domain/project/state-schemas.ts';
import { fail, type InputIssue, ok, type Result } from '../failure/failure.ts';
import listings from '../generated/tools.json' with { type: 'json' };
import { isObject, type Json, type JsonObject } from '../json/json.ts';
import { checkValue } from '../json/limits.ts';
import { deepEqual } from '../json/merge.ts';
import { violations } from '../views/project/violations.ts';
import { type Call, defineTool } from './define.ts';
import { adoptMoved } from './shared/adopt-moved.ts';
import { viewScopeOf } from './shared/caller.ts';
import { withSeq } from './shared/change.ts';
import { requestInput, seqOutput } from './shared/inputs.ts';
import { changePlan, titleInput, versionInput } from './shared/plan-inputs.ts';
import { shownOps } from './shared/shown.ts';

const LISTED = 20;

const input = z
  .strictObject({
    name: titleInput.optional(),
    config: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'Merged, null removes: global_settings {token_budget, max_concurrent_agents}, alerts, teams {name: ' +
          '{orchestrator, members, settings}}, pools {agent: max}, resources {name: {capacity, kind}}, schemas ' +
          '{path: JSON ' +
          'Schema}, policies [{name, tool, decision: allow|deny|ask, when, reason}], vote_weights',
      ),
    rollback_to: z.number().int().min(1).optional().describe('Instead: name and config as they were at this seq'),
    adopt: z.string().max(64).optional().describe('Instead: go on with this project, whose directory was moved'),
    dry_run: z.boolean().default(false).describe('Only show the difference'),
    if_version: versionInput,
    request_id: requestInput,
  })
  .superRefine(({ name, config, rollback_to, adopt, dry_run, if_version }, context) => {
    const changes = name !== undefined || config !== undefined;
    if (rollback_to !== undefined && changes)
      context.addIssue({ code: 'custom', path: ['rollback_to'], message: 'not together with name or config' });
    if (adopt !== undefined && (changes || rollback_to !== undefined || dry_run || if_version !== undefined))
      context.addIssue({ code: 'custom', path: ['adopt'], message: 'alone' });
  });

export const projectSave = defineTool({
  name: 'project_save',
  title: 'Save a project',
  toolset: 'plan',
  description:
    'Use to configure the project of this workspace; in force at the next call of every agent, without a restart. ' +
    'dry_run checks and shows the difference first, rollback_to undoes. ' +
    'Answers {project, version, changed: [pointer], changed_count, difference?, seq}.',
  searchHint: 'project configure settings team pool limit rollback',
  annotations: { readOnly: false, destructive: true, idempotent: true },
  answers: { narrow: 'config' },
  input,
  output: z.object({
    project: z.string(),
    version: z.number().int(),
    changed: z.array(z.string()),
    changed_count: z.number().int(),
    difference: z.array(z.record(z.string(), z.unknown())).optional(),
    cut: z.string().optional(),
    violations: z
      .array(z.object({ session: z.string(), path: z.string(), schema: z.string(), why: z.string() }))
      .optional()
      .describe('Live sessions that do not satisfy new schemas'),
    violating_sessions: z.number().int().optional(),
    dry_run: z.literal(true).optional(),
    seq: seqOutput,
  }),
  faults: ({ config }) => (isObject(config) ? [...partFaults(config), ...unknownTools(config.policies)] : []),
  async run(given, call: Call<Services>) {
    const { documents, sessions, workspace } = call.services;
    const { project } = workspace;
    const config = configOf(given.config);
    if (!config.ok) return config;
    const session = await sessions.ensure();
    if (!session.ok) return session;
    if (given.adopt !== undefined) return await adoptMoved(given.adopt, given, call);
    const restore = await earlier(call, project, given.rollback_to);
    if (!restore.ok) return restore;
    const change = {
      project,
      name: given.name,
      config: config.value,
      restore: restore.value,
      ifVersion: given.if_version,
    };
    let schemas: JsonObject = {};
    const command: Decide<SaveProjectAnswer> = (tx, ctx) => {
      // Copied: documents change in place, so a replaced schema would be compared with itself.
      const before = structuredClone(schemasOf(tx.read<ProjectDocument>(projectStream(project))));
      const saved = withFaults(saveProject(tx, ctx, change), unknownTools(config.value?.policies));
      schemas = newSchemas(before, schemasOf(tx.read<ProjectDocument>(projectStream(project))));
      return saved;
    };
    if (given.dry_run) {
      const tried = await documents.dryRun(command, sessions.author('project_save', session.value));
      if (!tried.ok) return tried;
      const { shown, cut } = shownOps(
        tried.value.events.flatMap((event) => event.patch),
        100,
      );
      const difference = { difference: shown, ...(cut === undefined ? {} : { cut }), dry_run: true as const };
      const broken = await brokenBy(call, schemas);
      return ok({ ...listed(tried.value.value), ...difference, ...broken, seq: tried.value.seq });
    }
    const changed = await changePlan(call, 'project_save', given, () => command);
    if (!changed.ok) return changed;
    return withSeq(changed.value, { ...listed(changed.value.value), ...(await brokenBy(call, schemas)) });
  },
});

/** The result of a save, refused also for the faults that the project's document does not show. */
function withFaults<T>(saved: Result<T>, more: readonly InputIssue[]): Result<T> {
  if (more.length === 0 || (!saved.ok && saved.failure.code !== 'invalid-input')) return saved;
  const found = !saved.ok && saved.failure.code === 'invalid-input' ? saved.failure.issues : [];
  return fail({ code: 'invalid-input', issues: [...found, ...more] });
}

/** The schemas that a change added or changed. */
function newSchemas(before: Readonly<JsonObject>, after: Readonly<JsonObject>): JsonObject {
  const fresh = Object.entries(after).filter(([path, schema]) => !deepEqual(before[path], schema));
  return structuredClone(Object.fromEntries(fresh));
}

/** The live sessions whose state does not satisfy new schemas: their next write there must. */
async function brokenBy(call: Call<Services>, schemas: Readonly<JsonObject>) {
  const { documents } = call.services;
  const { rows, count } = await documents.read((view) => violations(view, viewScopeOf(call), schemas));
  return count === 0 ? {} : { violations: rows, violating_sessions: count };
}

function listed({ project, version, changed }: SaveProjectAnswer) {
  return { project, version, changed: changed.slice(0, LISTED), changed_count: changed.length };
}

function configOf(given: unknown): Result<JsonObject | undefined> {
  if (given === undefined) return ok(undefined);
  const checked = checkValue(given);
  if (!checked.ok) return checked;
  return ok(isObject(checked.value) ? checked.value : undefined);
}

/** Faults of policies that match no tool: such a policy would silently stop nothing. */
function unknownTools(policies: Json | undefined): InputIssue[] {
  const names = listings.map(({ tool }) => tool.name);
  return (Array.isArray(policies) ? policies : []).flatMap((policy, index) => {
    const pattern = isObject(policy) ? policy.tool : undefined;
    if (typeof pattern !== 'string' || names.some((name) => fitsPattern(pattern, name))) return [];
    const near = nearest(pattern, names).join(', ');
    return [
      {
        at: `/config/policies/${index}/tool`,
        why: `fits no tool; ${near === '' ? 'see tools/list' : `the nearest: ${near}`}`,
      },
    ];
  });
}

/** The project's document at a seq. Fails with `unknown-seq`. */
async function earlier(
  { services, signal }: Call<Services>,
  project: string,
  seq: number | undefined,
): Promise<Result<ProjectDocument | undefined>> {
  if (seq === undefined) return ok(undefined);
  const { store } = services.documents;
  const events = await eventsOf(store, projectStream(project), signal);
  const then = seq <= store.seq() ? (valueAt(events, seq) as ProjectDocument | undefined) : undefined;
  const list = `events_query {stream: "${projectStream(project)}"}`;
  return then === undefined ? fail({ code: 'unknown-seq', seq: String(seq), newest: store.seq(), list }) : ok(then);
}
