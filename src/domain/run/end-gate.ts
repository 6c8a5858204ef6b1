// Ends nodes of gates by what they report. Called by accept.ts; gates.ts makes the verdict of the gate of it.
//
//   finished        passed       failed      failed, with what was found
//   needs_decision  error        skipped     waived
//   cancelled       not needed any more

import type { AnyGate } from '../../graph/gates/index.ts';
import { isObject, type Json } from '../../json/json.ts';
import { exitCodeOf, gateOf } from './judge.ts';
import type { Draft } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import type { Place } from './tree.ts';

/** Ends a node that judges: finished where the work passes, failed where it does not. */
export function endGate(scope: RunScope, place: Place, next: Draft<'finished'>, output: Json | undefined): void {
  const gate = gateOf(scope.tree(), place);
  const why = gate === undefined ? undefined : fault(gate, output, next.summary);
  if (why === undefined) transition(scope, place.id, next, 'node.finished');
  else {
    const { outside: _, reused_from: __, ...kept } = next;
    const error = { kind: 'gate', message: why.slice(0, 1_000) };
    transition(scope, place.id, { ...kept, status: 'failed', error }, 'node.failed');
  }
}

function fault(gate: AnyGate, output: Json | undefined, summary: string | undefined): string | undefined {
  if (gate.kind === 'command') {
    const code = exitCodeOf(output);
    return code === (gate.expect_exit ?? 0) ? undefined : (summary ?? `exit code ${code}`);
  }
  const { verdict, findings } = isObject(output ?? null) ? (output as { verdict?: Json; findings?: Json }) : {};
  if (verdict === 'pass') return undefined;
  return findings === undefined ? (summary ?? 'the reviewer found it wanting') : JSON.stringify(findings);
}
