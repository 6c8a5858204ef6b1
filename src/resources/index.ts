// Every kind of resource.

import type { ResourceKind } from './define.ts';
import { sessions } from './sessions.ts';

export const resourceKinds: readonly ResourceKind[] = [sessions];
