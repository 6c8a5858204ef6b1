// All kinds of sources that can be imported, by the name that --from takes. Used by cli/verbs/import.ts.

import { beads } from './beads.ts';
import { claudeTasks } from './claude-tasks.ts';
import { messages } from './messages.ts';
import type { SourceKind } from './shape.ts';
import { shrimp } from './shrimp.ts';
import { stateFiles } from './state-files.ts';
import { taskMaster } from './task-master.ts';

export const SOURCE_NAMES = ['v2', 'task-master', 'shrimp', 'beads', 'claude-tasks', 'messages'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

export const sourceKinds: Record<SourceName, SourceKind> = {
  v2: stateFiles,
  'task-master': taskMaster,
  shrimp,
  beads,
  'claude-tasks': claudeTasks,
  messages,
};
