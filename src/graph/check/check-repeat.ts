// Checks what makes a node be done again. Called by check-node.ts.

import { parseCondition, placesOf } from '../../path/condition.ts';
import type { Fault, GraphNode, KindRules, RepeatSpec } from '../graph.ts';

const ROOTS = ['output', 'iteration'];

/** Adds the faults of a node's `repeat`. Contract: its fields have their types. */
export function checkRepeat(
  { id }: GraphNode,
  { until, max }: RepeatSpec,
  at: string,
  kind: KindRules | undefined,
  faults: Fault[],
): void {
  const place = `${at}/repeat`;
  const add = (field: string, message: string, hint: string): void => {
    faults.push({ code: 'bad-repeat', at: `${place}${field}`, message, hint });
  };
  if (kind?.begins === 'awaiting') add('', `"${id}" awaits something, which is not done again`, 'remove it');
  const condition = until === undefined || max === undefined ? undefined : parseCondition(until);
  if (condition === undefined) add('', `"${id}" does not say until when it is done again`, 'give until and max');
  else if (condition.ok) {
    for (const [root] of placesOf(condition.value)) {
      if (ROOTS.some((one) => one === root)) continue;
      const message = `the condition of "${id}" asks for "${root ?? ''}", which is not there`;
      add('/until', message, 'ask for @.output, @.iteration');
    }
  } else {
    const why = 'why' in condition.failure ? condition.failure.why : 'it cannot be read';
    add('/until', `the condition of "${id}": ${why}`, 'write a filter such as "@.output.open == 0"');
  }
}
