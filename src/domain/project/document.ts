// The project document: a git common directory that sessions work on, with its configuration. Pure.

import type { JsonObject } from '../../json/json.ts';

export interface ProjectDocument {
  schema: 1;
  id: string;
  name: string;
  created_at: string;
  /** The project that its directory took over; see adopt.ts. */
  continues?: string;
  /** Absent for a project that took the numbers of its tasks from a counter of all projects. */
  numbers?: 'own';
  /** The settings that were made; see config.ts for the defaults. */
  config?: JsonObject;
}

export function projectStream(id: string): string {
  return `project/${id}`;
}
