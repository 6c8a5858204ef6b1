// Every kind of resource. Used by serve.ts.

import { board } from './board.ts';
import type { ResourceKind } from './define.ts';
import { docs } from './docs.ts';
import { inbox } from './inbox.ts';
import { projects } from './projects.ts';
import { runs } from './runs.ts';
import { sessions } from './sessions.ts';
import { sprints } from './sprints.ts';

export const resourceKinds: readonly ResourceKind[] = [board, docs, inbox, projects, runs, sessions, sprints];
