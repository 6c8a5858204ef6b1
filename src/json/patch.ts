// RFC 6902 operations as Baton stores them: add, replace and remove only. The kernel knows these and no domain.

import type { Json } from './json.ts';

export type PatchOp =
  | { op: 'add'; path: string; value: Json }
  | { op: 'replace'; path: string; value: Json }
  | { op: 'remove'; path: string };
