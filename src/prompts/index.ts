// Every prompt, in the order in which clients list them. Used by serve.ts.

import { dashboard } from './dashboard.ts';
import { debugEvents } from './debug-events.ts';
import { debugProfile } from './debug-profile.ts';
import { debugState } from './debug-state.ts';
import type { Prompt } from './define.ts';
import { executeParallel } from './execute-parallel.ts';
import { executePlan } from './execute-plan.ts';
import { generateTasks } from './generate-tasks.ts';
import { handoff } from './handoff.ts';
import { help } from './help.ts';
import { incident } from './incident.ts';
import { review } from './review.ts';
import { sprintBoard } from './sprint-board.ts';
import { sprintClose } from './sprint-close.ts';
import { sprintPlan } from './sprint-plan.ts';
import { startSession } from './start-session.ts';
import { teamSync } from './team-sync.ts';

export const prompts: readonly Prompt[] = [
  startSession,
  dashboard,
  sprintBoard,
  sprintPlan,
  sprintClose,
  generateTasks,
  executePlan,
  executeParallel,
  review,
  handoff,
  teamSync,
  incident,
  debugState,
  debugEvents,
  debugProfile,
  help,
];
