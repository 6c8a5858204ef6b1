// Checks what makes many items of work of one node. Called by check-node.ts.

import type { Fault, GraphNode } from '../graph.ts';
import { pathFault } from '../kinds/references.ts';

/** The most items of a map. */
export const MAX_ITEMS = 1_000;
const WORDS = ['all', 'collect', 'first_success'];

/** Adds the faults of a node's `map`. Contract: its fields have their types. */
export function checkMap({ id, map, needs = [] }: GraphNode, at: string, faults: Fault[]): void {
  if (map === undefined) return;
  const add = (field: string, message: string, hint: string): void => {
    faults.push({ code: 'bad-map', at: `${at}/map/${field}`, message, hint });
  };
  const { over, partial = 'all' } = map;
  if (typeof over === 'string') {
    const fault = pathFault(over, `${at}/map/over`, needs);
    if (fault !== undefined) faults.push(fault);
  } else if (!Array.isArray(over)) {
    add('over', `"${id}" has nothing to map over`, 'give a list, or the path of one: "$.needs.list.output.files"');
  } else if (over.length > MAX_ITEMS) {
    add('over', `${over.length} items are too many`, `use at most ${MAX_ITEMS}, or a map of maps by a sub-graph`);
  }
  const isCount = typeof partial === 'object' && partial !== null && 'at_least' in partial;
  if (isCount ? !isAmount(partial.at_least) : !WORDS.includes(String(partial)))
    add('partial', `"${id}" asks for something else of its items`, `use ${WORDS.join(', ')} or {"at_least": n}`);
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1;
}
