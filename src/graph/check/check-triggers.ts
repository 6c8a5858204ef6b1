// Checks what triggers ask of the needs of their nodes, and warns of those that a halted run would keep from starting.
// Called by check.ts.

import type { Fault, Graph, GraphNode } from '../graph.ts';
import { hasTrigger, triggerOf } from '../trigger.ts';
import { checkWhen } from './check-when.ts';

/** Triggers that wait for more than the first failure: under fail_fast that failure halts the run before. */
const HALTED_BEFORE = new Set(['any_success', 'n_of', 'all_failed']);

/** Adds the faults and warnings of all triggers. */
export function checkTriggers(graph: Graph, errors: Fault[], warnings: Fault[]): void {
  const failsFast = graph.on_failure !== 'continue';
  for (const [i, node] of graph.nodes.entries()) {
    const at = `/nodes/${i}`;
    if (node.n !== undefined && node.trigger !== 'n_of') errors.push(strayCount(node, at));
    if (!hasTrigger(node)) continue;
    if (node.when !== undefined) checkWhen(node, at, errors, warnings);
    if (node.trigger === undefined && node.handles !== true) continue;
    const wrong = countFault(node, at);
    if (wrong !== undefined) errors.push(wrong);
    if (failsFast && HALTED_BEFORE.has(node.trigger ?? '') && node.handles !== true) warnings.push(halted(node, at));
    if (node.handles === true && !canHandle(node)) warnings.push(idle(node, at));
  }
}

function strayCount({ id, trigger = 'all_success' }: GraphNode, at: string): Fault {
  const message = `"${id}" has n, but its trigger is ${trigger}`;
  return { code: 'n-unused', at: `${at}/n`, message, hint: 'set trigger to "n_of", or remove n' };
}

/** Why so many needs can never be good; undefined if they can. */
function countFault(node: GraphNode, at: string): Fault | undefined {
  const count = new Set(node.needs).size;
  const { rule } = triggerOf(node);
  if (count === 0) {
    const message = `"${node.id}" has a trigger but needs nothing, so nothing can start it`;
    return { code: 'trigger-without-needs', at: `${at}/needs`, message, hint: 'name in needs what it waits for' };
  }
  if (rule !== 'n_of') return undefined;
  if (node.n === undefined) {
    const hint = `add n, from 1 to ${count}`;
    return { code: 'n-missing', at: `${at}/n`, message: `"${node.id}" starts by n_of, but has no n`, hint };
  }
  if (node.n <= count) return undefined;
  const message = `"${node.id}" wants ${node.n} of its needs to succeed, but has ${count}`;
  return { code: 'n-too-high', at: `${at}/n`, message, hint: `use at most ${count}, or add needs` };
}

function halted({ id, trigger }: GraphNode, at: string): Fault {
  const message = `under fail_fast the first failure halts the run, so "${id}" (${trigger}) may never start`;
  const hint = 'add "handles": true to it, or set on_failure to "continue"';
  return { code: 'trigger-halted', at: `${at}/trigger`, message, hint };
}

/** Whether it can start after a failure of what it needs. */
function canHandle(node: GraphNode): boolean {
  const { rule } = triggerOf(node);
  return rule !== 'all_success' && rule !== 'none_failed';
}

function idle({ id, trigger = 'all_success' }: GraphNode, at: string): Fault {
  const message = `"${id}" handles failures, but its trigger ${trigger} never starts it after one`;
  const hint = 'set trigger to "any_failed", or "all_done" to run it in any case';
  return { code: 'handles-nothing', at: `${at}/handles`, message, hint };
}
