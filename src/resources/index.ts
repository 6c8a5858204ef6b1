// Every kind of resource.

import type { ResourceKind } from './define.ts';
import { inbox } from './inbox.ts';
import { sessions } from './sessions.ts';

export const resourceKinds: readonly ResourceKind[] = [inbox, sessions];
