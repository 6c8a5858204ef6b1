// Undoes what a run has done, where its policy is `compensate`: when it fails or is cancelled, a scope opens with one
// node for each finished node that says how it is undone, in all scopes. They are claimed as any node; the run's cancel
// and halt do not reach them. Called by status.ts and control.ts.
//
//   undo:x waits for undo:y     if y came after x by any path, through nodes without undo and the nodes around both
//   an undo that fails          somebody decides: try it again, skip it (it is listed as not undone), or say it is done
//   all of them have ended      the run is compensated, and final

import { link, topologicalOrder } from '../../graph/links.ts';
import { redundantEdges } from '../../graph/plan/measure.ts';
import type { Json } from '../../json/json.ts';
import { formatPointer } from '../../json/pointer.ts';
import { runStream, type ScopeRecord } from './document.ts';
import type { RunScope } from './scope.ts';
import { type RunTree, type Scope, UNDO } from './tree.ts';

/** Opens the scope of undos, unless it is open already or there is nothing to undo. True if the run has one now. */
export function openUndo(scope: RunScope): boolean {
  const { run, tx } = scope;
  if (run.scopes?.[UNDO] !== undefined) return true;
  if (run.on_failure !== 'compensate') return false;
  const tree = scope.tree();
  const done = undoable(tree);
  if (done.length === 0) return false;
  const record: ScopeRecord = { of: '', kind: 'undo', keys: done, after: orderOf(tree, done), counters: {} };
  const first = run.scopes === undefined ? [{ op: 'add' as const, path: '/scopes', value: {} }] : [];
  const added = { op: 'add' as const, path: formatPointer(['scopes', UNDO]), value: record as unknown as Json };
  tx.patch(runStream(run.id), { type: 'scope.opened', data: { scope: UNDO, nodes: done.length } }, [...first, added]);
  scope.scopesChanged();
  return true;
}

/** The finished nodes that say how they are undone, by their full ids, in every scope. */
function undoable(tree: RunTree): string[] {
  const { run } = tree;
  return tree.all().flatMap(({ prepared }) =>
    prepared.ids.filter((id, i) => {
      const node = prepared.graph.nodes[i];
      // Of a map each item is undone by itself; what an earlier run did is that run's.
      if (node?.compensate === undefined || node.map !== undefined) return false;
      return run.nodes[id]?.status === 'finished' && run.nodes[id]?.reused_from === undefined;
    }),
  );
}

/** For each node those whose undo has to come first: what came after it. Without those that another one implies. */
function orderOf(tree: RunTree, ids: readonly string[]): Record<string, string[]> {
  const after = new After(tree);
  const nodes = ids.map((id) => ({ id, needs: ids.filter((one) => one !== id && after.came(one, id)) }));
  const links = link(nodes);
  const implied = new Set(redundantEdges(links, topologicalOrder(links)).map(([node, need]) => `${node} ${need}`));
  const entries = nodes.map(({ id, needs }): [string, string[]] => {
    const at = links.index.get(id) ?? -1;
    return [id, needs.filter((need) => !implied.has(`${at} ${links.index.get(need)}`))];
  });
  return Object.fromEntries(entries);
}

/** Whether one node came after another, by paths through all scopes. */
class After {
  readonly #tree: RunTree;
  readonly #reached = new Map<string, Set<number>>();

  constructor(tree: RunTree) {
    this.#tree = tree;
  }

  came(later: string, earlier: string): boolean {
    const [a, b] = [this.#way(earlier), this.#way(later)];
    for (let depth = 0; ; depth++) {
      const [from, to] = [a[depth], b[depth]];
      // A node comes after what is inside of it.
      if (from === undefined || to === undefined) return to === undefined;
      if (from !== to) return this.#behind(from).has(this.#tree.place(to)?.index ?? -1) && this.#sameScope(from, to);
    }
  }

  /** The nodes around a node, the outermost first, and itself. */
  #way(id: string): string[] {
    const place = this.#tree.place(id);
    const of = place?.scope.record?.of;
    return [...(of === undefined ? [] : this.#way(of)), id];
  }

  #sameScope(one: string, other: string): boolean {
    return this.#tree.place(one)?.scope.prefix === this.#tree.place(other)?.scope.prefix;
  }

  /** The positions behind a node in its scope. */
  #behind(id: string): Set<number> {
    const known = this.#reached.get(id);
    if (known !== undefined) return known;
    const place = this.#tree.place(id);
    const behind = new Set<number>();
    if (place !== undefined) {
      const { start, to } = place.scope.prepared.dependents;
      const next = (node: number): Int32Array => to.subarray(start[node], start[node + 1]);
      for (const one of next(place.index)) behind.add(one);
      for (const node of behind) for (const one of next(node)) behind.add(one);
    }
    this.#reached.set(id, behind);
    return behind;
  }
}

/** The finished nodes that were not undone, because somebody skipped their undo. */
export function notUndone({ run }: RunTree): string[] {
  const record = run.scopes?.[UNDO];
  return (record?.keys ?? []).filter((id) => run.nodes[UNDO + id]?.status === 'skipped');
}

/** Whether the node at an id is an undo. */
export function isUndo(id: string): boolean {
  return id.startsWith(UNDO);
}

/** The scope of undos of a run that has one. */
export function undoScope(tree: RunTree): Scope | undefined {
  return tree.run.scopes?.[UNDO] === undefined ? undefined : tree.scope(UNDO);
}
