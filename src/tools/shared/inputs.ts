// Arguments that several tools take, each described once.

import { z } from 'zod';
import { isName, NAME_RULE } from '../../base/safe-id.ts';
import { MAX_PATH_CHARS } from '../../config/limits.ts';

/** A JSONPath as state_get describes it. */
export const pathInput = z.string().max(MAX_PATH_CHARS);
/** A name that the caller chooses. Checked by the rule of streams: a name becomes a part of one. */
export const nameInput = z.string().refine(isName, `expected ${NAME_RULE}`);
export const sessionInput = z.string().max(64).optional().describe('Another session than your own');
export const requestInput = z
  .string()
  .min(1)
  .max(128)
  .optional()
  .describe('Repeat with the same id to take effect once');
export const waitInput = z.number().min(0).max(50).default(0);
export const etagInput = z.string().max(64).optional().describe('Only if the value still has this etag');
export const valueInput = z.unknown().describe('Any JSON value');
export const reasonInput = z.string().max(500).optional().describe('Why; the history shows it');
export const limitInput = (usual: number, most: number) =>
  z.number().int().min(1).max(most).default(usual).describe('How many rows at most');
export const cursorInput = z
  .string()
  .regex(/^\d{0,15}$/, 'expected the next_cursor of the last answer')
  .optional()
  .describe('next_cursor of the last answer');
/** The offset that a cursor of these tools stands for. */
export const offsetOf = (cursor: string | undefined): number => Number(cursor ?? 0);
/** A seq, also as text, since tools/list describes it as text, or an ISO 8601 time. */
export const pointInput = z
  .union([z.number().int().min(0), z.string().max(40)], 'expected a seq or an ISO 8601 time')
  .transform((point) => (typeof point === 'string' && /^\d{1,15}$/.test(point) ? Number(point) : point));
/** Sessions name their project and workspace for people; everywhere else both go by their ids. */
export const projectNameOutput = z.string().describe('Its name; project_get has its id');
export const directoryOutput = z.string().describe('Its directory');
/** What lists have lost, by field. */
export const removedOutput = z.record(z.string(), z.array(z.string())).optional();
export const seqOutput = z.number().int().describe('Place of the change in the log');
