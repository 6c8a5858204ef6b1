// Checks how a node is undone: an agent or command node without what makes it start. Called by check-node.ts.

import type { Fault, GraphNode, Kinds } from '../graph.ts';

/** The kinds that an undo may be of: nobody is asked, and nothing is awaited, while things are undone. */
const KINDS = ['agent', 'command'];
/** What is known of an undo by what it undoes. */
const GIVEN_BY_ORDER = ['id', 'needs', 'trigger', 'n', 'handles', 'when', 'map', 'repeat', 'compensate'];

/** Adds the faults of a node's `compensate`. */
export function checkCompensate(node: GraphNode, at: string, kinds: Kinds, faults: Fault[]): void {
  const { compensate, id } = node;
  if (compensate === undefined) return;
  const place = `${at}/compensate`;
  const add = (where: string, message: string, hint: string): void => {
    faults.push({ code: 'bad-compensate', at: `${place}${where}`, message, hint });
  };
  const example = 'give such as {"kind": "agent", "task": "Take the release back."}';
  if (typeof compensate !== 'object' || compensate === null || Array.isArray(compensate)) {
    add('', `"${id}" does not say how it is undone`, example);
    return;
  }
  const kind = KINDS.includes(String(compensate.kind)) ? kinds.get(String(compensate.kind)) : undefined;
  if (kind === undefined) {
    add('/kind', `an undo is of kind ${KINDS.join(' or ')}`, example);
    return;
  }
  for (const field of GIVEN_BY_ORDER)
    if (field in compensate)
      add(`/${field}`, `an undo has no "${field}": its order follows from what it undoes`, 'remove it');
  // What it undoes has ended: an undo may refer to all that the node was given.
  const undo = { ...compensate, id, needs: node.needs ?? [] } as unknown as GraphNode;
  for (const fault of kind.check(undo, place)) if (!isOutput(fault)) faults.push(fault);
}

/** An undo may also ask for the output of what it undoes. */
function isOutput({ code, message }: Fault): boolean {
  return code === 'bad-reference' && message.includes('"output"');
}
