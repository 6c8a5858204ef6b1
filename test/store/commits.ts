// Small commits for store tests, and the authors and ids they need. Used by every test in this folder.

import { v7 } from 'uuid';
import type { Json } from '../../src/json/json.ts';
import { type EncodedCommit, type Expected, encodeCommit } from '../../src/store/commit.ts';
import type { Outcome, Store } from '../../src/store/port.ts';

export const BY = { user: 'tester', tool: 'test' };

export interface Change {
  stream: string;
  value: Json;
}

/** A commit that sets whole documents, deciding on what the store shows now (or on `expect`, where given). */
export function commitOf(
  store: Store,
  changes: readonly Change[],
  options: { reads?: string[]; expect?: Record<string, Expected>; at?: string; id?: string } = {},
): EncodedCommit {
  const expect: Record<string, Expected> = {};
  for (const stream of [...changes.map((change) => change.stream), ...(options.reads ?? [])]) {
    expect[stream] = options.expect?.[stream] ?? store.expected(stream);
  }
  return encodeCommit({
    id: options.id ?? v7(),
    at: options.at ?? new Date().toISOString(),
    by: BY,
    seen: store.seen(),
    expect,
    events: changes.map(({ stream, value }) => ({
      stream,
      type: 'test.set',
      patch: [{ op: 'add', path: '', value }],
    })),
  });
}

/** Refreshes, appends one commit and waits until it is durable. */
export async function put(store: Store, stream: string, value: Json): Promise<Outcome> {
  await store.refresh();
  const { outcomes, durable } = store.append([commitOf(store, [{ stream, value }])]);
  await durable;
  const [outcome] = outcomes;
  if (outcome === undefined) throw new Error('no outcome');
  return outcome;
}

/** A store's streams with the value of their last event, for comparing states. */
export function stateOf(store: Store): Record<string, Json> {
  const state: Record<string, Json> = {};
  for (const stream of store.streams('').sort()) {
    if (stream === 'store') continue;
    const [last] = store.read(stream, store.expected(stream)[0]);
    const op = last?.patch[0];
    state[stream] = op !== undefined && op.op !== 'remove' ? op.value : null;
  }
  return state;
}
