// Takes work that was reported done: it judges other work, passes gates of its own, or ends its node. Called by
// report.ts and control-node.ts.

import { hasGates } from '../../graph/gates/index.ts';
import type { Json } from '../../json/json.ts';
import { endGate } from './end-gate.ts';
import { openGates } from './gates.ts';
import type { Draft } from './record.ts';
import { endWork } from './repeat.ts';
import type { RunScope } from './scope.ts';
import type { Place } from './tree.ts';

/** `next`: its record if it is finished. `output`: what it brought. */
export function acceptWork(
  scope: RunScope,
  place: Place,
  next: Draft<'finished'>,
  output: () => Json | undefined,
): void {
  if (place.scope.record?.kind === 'gates') endGate(scope, place, next, output());
  else if (hasGates(place.node)) openGates(scope, place, next, output() ?? null);
  else endWork(scope, place, next, output);
}
