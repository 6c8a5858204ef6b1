// Arguments and answers that the planning tools share, and their common steps: run the command in the caller's project,
// and suggest ids for a mistyped one.

import { z } from 'zod';
import type { Services } from '../../app/services.ts';
import { nearest } from '../../base/nearest.ts';
import { MAX_LABEL_CHARS, MAX_LABELS, MAX_NAME_CHARS, MAX_TEXT_CHARS, MAX_TITLE_CHARS } from '../../config/limits.ts';
import type { Changed } from '../../documents/documents.ts';
import type { Decide } from '../../domain/command.ts';
import type { PlanKind } from '../../domain/plan/ids.ts';
import { fail, type Result } from '../../failure/failure.ts';
import type { PlanFacts } from '../../views/plan/plan-index.ts';
import { line } from '../../views/plan/show.ts';
import type { Call } from '../define.ts';
import { type ChangeInput, changeInSession } from './change.ts';
import { requestInput, seqOutput } from './inputs.ts';

export const titleInput = z.string().trim().min(1).max(MAX_TITLE_CHARS);
export const textInput = z.string().max(MAX_TEXT_CHARS);
export const planIdInput = z.string().max(MAX_NAME_CHARS);
export const priorityInput = z.number().int().min(1).max(5).optional().describe('1 first');
export const pointsInput = z.number().min(0).max(1_000);
/** Words of a title take more room than an id. */
export const epicInput = z.string().min(1).max(MAX_TITLE_CHARS).optional().describe('Of this epic: id or title');
export const whoInput = z.string().max(MAX_NAME_CHARS);
export const labelsInput = z.array(z.string().trim().min(1).max(MAX_LABEL_CHARS)).max(MAX_LABELS);
const archivedInput = z.boolean().optional().describe('Instead of deleting; false restores');
const forceInput = z.boolean().optional().describe('Go on where an error asked for it');
export const versionInput = z.number().int().min(1).optional().describe('Only if it still has this version');
export const dateInput = z
  .string()
  .max(40)
  .refine((text) => text === '' || (/^\d{4}-\d\d-\d\d(T|$)/.test(text) && !Number.isNaN(Date.parse(text))), {
    message: 'expected an ISO 8601 date or time, such as 2026-01-31',
  });

export const endInput = dateInput.optional().describe('The last day, included');

/** Arguments of every save tool beside the fields of its object. */
export const saveInput = {
  archived: archivedInput,
  force: forceInput,
  if_version: versionInput,
  request_id: requestInput,
};

export interface SaveArguments {
  id?: string | undefined;
  force?: boolean | undefined;
  if_version?: number | undefined;
  request_id?: string | undefined;
}

/** The fields among a save's arguments, and the others as its command takes them. */
export function savePartsOf<I extends SaveArguments>(input: I) {
  const { id, force, if_version: ifVersion, request_id: _, ...fields } = input;
  return { id, force, ifVersion, fields };
}

/** The answer of every save tool. */
export const savedOutput = {
  id: z.string(),
  created: z.boolean(),
  version: z.number().int(),
  changed: z.array(z.string()),
  seq: seqOutput,
};

/** Runs a command in the caller's project; `unknown-item` gets the nearest ids. */
export async function changePlan<A>(
  call: Call<Services>,
  tool: string,
  input: ChangeInput,
  command: (project: string, session: string) => Decide<A>,
): Promise<Result<Changed<A>>> {
  const { project } = call.services.workspace;
  const changed = await changeInSession(call, tool, input, (session) => command(project, session));
  return await withNearItems(changed, call.services);
}

/** Adds the nearest ids to the failure `unknown-item`. */
export async function withNearItems<T>(result: Result<T>, services: Services): Promise<Result<T>> {
  if (result.ok || result.failure.code !== 'unknown-item' || result.failure.near.length > 0) return result;
  const { failure } = result;
  const { documents, plans, workspace } = services;
  return fail({
    ...failure,
    near: await documents.read((view) => nearItems(plans.at(view), failure.kind, failure.id, workspace.project)),
  });
}

/** Ids of a kind in a project like this one, as shown; never the id itself. */
export function nearItems(plan: PlanFacts, kind: string, id: string, project: string): string[] {
  const known: Record<PlanKind, { ids(project: string): string[] }> = {
    task: plan.tasks,
    epic: plan.epics,
    sprint: plan.sprints,
  };
  if (!Object.hasOwn(known, kind)) return [];
  const ids = known[kind as PlanKind].ids(project).filter((one) => one.toLowerCase() !== id.toLowerCase());
  return nearest(id, ids);
}

/** A note on unfinished tasks of an ended object; empty without any. */
export function leftNote(left: number, where: string): { note?: string } {
  return left === 0 ? {} : { note: `${left} unfinished tasks remain in ${line(where)}` };
}
