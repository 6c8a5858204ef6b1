// Every kind that plan_list knows. Used by tools/plan-list.ts.

import type { ListKind } from './define.ts';
import { epicKind } from './epic.ts';
import { graphKind } from './graph.ts';
import { projectKind } from './project.ts';
import { registeredKinds } from './registered.ts';
import { sprintKind } from './sprint.ts';
import { taskKind } from './task.ts';

export const listKinds: readonly ListKind[] = [
  projectKind,
  epicKind,
  sprintKind,
  taskKind,
  graphKind,
  ...registeredKinds,
];
