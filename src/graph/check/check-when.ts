// Checks the condition of a node: that it can be read, and that it asks only what is there to be asked when it is
// evaluated. Called by check-triggers.ts.

import { parseCondition, placesOf } from '../../path/condition.ts';
import type { PathToken } from '../../path/scan.ts';
import type { Fault, GraphNode } from '../graph.ts';
import { placeFault } from '../kinds/references.ts';

/** What a condition may ask of a need: see domain/run/given.ts. */
const OF_NEED = ['status', 'output', 'why', 'counts'];
/** Triggers that start a node while some needs go on: what a condition asks of them depends on who is faster. */
const EARLY = new Set(['any_success', 'n_of']);

/** Adds the faults and warnings of the node's `when`. */
export function checkWhen(node: GraphNode, at: string, errors: Fault[], warnings: Fault[]): void {
  const { when = '', trigger = '' } = node;
  const place = `${at}/when`;
  const parsed = parseCondition(when);
  if (!parsed.ok) {
    const why = 'why' in parsed.failure ? parsed.failure.why : 'it cannot be read';
    const hint = 'write a filter such as "@.needs.test.output.passed == true"; docs/paths.md has the grammar';
    errors.push({ code: 'bad-condition', at: place, message: `the condition of "${node.id}": ${why}`, hint });
    return;
  }
  const places = placesOf(parsed.value);
  for (const tokens of places) {
    const fault = faultOf(node, tokens, place);
    if (fault !== undefined) errors.push(fault);
  }
  if (EARLY.has(trigger) && places.some(([root]) => root === 'needs')) {
    const message = `"${node.id}" (${trigger}) may start while needs are open: what its condition asks of them varies`;
    const hint = 'a need that is still open has the status "open" and no output; use all_done to wait for all';
    warnings.push({ code: 'condition-early', at: place, message, hint });
  }
}

/** The fault of a place in the condition; undefined if it is there to be asked. */
function faultOf(node: GraphNode, tokens: readonly PathToken[], at: string): Fault | undefined {
  const wrong = placeFault(tokens, at, node.needs ?? [], 'bad-condition');
  if (wrong !== undefined) return { ...wrong, message: `the condition of "${node.id}": ${wrong.message}` };
  const [root, need, member] = tokens;
  if (root !== 'needs' || member === undefined || OF_NEED.includes(String(member))) return undefined;
  const message = `the condition of "${node.id}" asks for "${member}" of the need "${need}", which is not there`;
  return { code: 'bad-condition', at, message, hint: `ask for @.needs['${need}'].${OF_NEED.join(', .')}` };
}
