// Raises the store's format with the first use of what older programs would misjudge (see FEATURE_FORMATS), in the
// commit that uses it. Called by the commands that store a graph or start a run.

import type { RunGraph } from '../graph/definition.ts';
import { FEATURE_FORMATS, type Feature } from '../store/formats.ts';
import type { Transaction } from './command.ts';

/** The document of the store, as far as commands know it. */
interface StoreDocument {
  schema: 1;
  format: number;
}

/** Whether a graph uses the feature. */
const USES: Record<Feature, (graph: RunGraph) => boolean> = {
  triggers: ({ prepared }) => prepared.triggers !== undefined,
  scopes: ({ prepared }) =>
    prepared.begins.includes(1) ||
    prepared.conditions.size > 0 ||
    prepared.graph.nodes.some(({ compensate }) => compensate !== undefined),
  gates: ({ prepared }) => prepared.graph.nodes.some(({ gates = [] }) => gates.length > 0),
};

/**
 * Notes what of a graph older programs would misjudge, before the first commit that names the graph. Reads the store's
 * document only if there is something: of two commits that raise the format at once the later one decides again.
 */
export function noteFeatures(tx: Transaction, graph: RunGraph): void {
  const used = (Object.keys(USES) as Feature[]).filter((feature) => USES[feature](graph));
  const format = Math.max(0, ...used.map((feature) => FEATURE_FORMATS[feature]));
  if (format === 0) return;
  const before = tx.read<StoreDocument>('store');
  // A store in memory has no document, and no older programs.
  if (before === undefined || before.format >= format) return;
  tx.edit<StoreDocument>('store', { type: 'store.raised', data: { format, features: used } }, (draft) => {
    draft.format = format;
  });
}
