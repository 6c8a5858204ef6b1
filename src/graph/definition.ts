// A stored definition as runs and commands see it. Made by documents/definitions.ts; commands get it from their
// context.

import type { AnyNode } from './kinds/index.ts';
import type { PreparedGraph } from './prepare.ts';

/** A definition, ready for scheduling, with the hash of its text. */
export interface RunGraph {
  hash: string;
  prepared: PreparedGraph<AnyNode>;
}
