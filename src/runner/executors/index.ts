// Every executor: a kind whose performer is a server has one here. Asked by the runner, by run_start's warnings and by
// the start of a server.

import type { AnyNode } from '../../graph/kinds/index.ts';
import { command } from './command.ts';
import type { Executor, ExecutorSettings } from './define.ts';

const list: readonly Executor[] = [command];

/** The executors by the kind of nodes that they perform. */
export const executors: ReadonlyMap<string, Executor> = new Map(list.map((executor) => [executor.kind, executor]));

/** Whether a server that was started like this has any use for a runner. */
export function performsAny(settings: ExecutorSettings): boolean {
  return list.some((executor) => executor.enabled(settings));
}

/** Whether a server that was started like this performs the node. */
export function mayPerform(node: AnyNode, settings: ExecutorSettings): boolean {
  const executor = executors.get(node.kind);
  return executor !== undefined && executor.refusal(node, settings) === undefined;
}
