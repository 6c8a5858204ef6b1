// The list of executors: one for each kind whose performer is a server. Used by the runner, by run_start's warnings and
// at a server's start.

import type { AnyNode } from '../../graph/kinds/index.ts';
import { command } from './command.ts';
import type { Executor } from './define.ts';
import type { ExecutorSettings } from './settings.ts';

const list: readonly Executor[] = [command];

/** The executors by the kind of nodes that they perform. */
export const executors: ReadonlyMap<string, Executor> = new Map(list.map((executor) => [executor.kind, executor]));

/** Whether a server with these start options needs a runner. */
export function performsAny(settings: ExecutorSettings): boolean {
  return list.some((executor) => executor.enabled(settings));
}

/** The start options of this server that admit nodes of some kind. */
export function admittingOptions(settings: ExecutorSettings): string[] {
  return list.flatMap((executor) => executor.options(settings));
}

/** Whether a server with these start options performs the node. */
export function mayPerform(node: AnyNode, settings: ExecutorSettings): boolean {
  const executor = executors.get(node.kind);
  return executor !== undefined && executor.refusal(node, settings) === undefined;
}
