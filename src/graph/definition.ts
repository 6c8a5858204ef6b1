// A stored definition as commands and views use it. Made by documents/definitions.ts; commands get it from their
// context.

import type { AnyNode } from './kinds/index.ts';
import type { PreparedGraph } from './prepare.ts';

/** A definition, prepared for scheduling, with the hash of its canonical text. */
export interface RunGraph {
  hash: string;
  prepared: PreparedGraph<AnyNode>;
}
