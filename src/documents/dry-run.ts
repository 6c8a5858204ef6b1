// Runs a command without committing it. Used by documents.ts.

import type { Decide } from '../domain/command.ts';
import { FailureError, fail, ok, type Result } from '../failure/failure.ts';
import type { Author, StreamEvent } from '../store/commit.ts';
import type { Store } from '../store/port.ts';
import type { DocumentCache } from './cache.ts';
import { contextOf, type World } from './context.ts';
import { Supplies } from './supplies.ts';
import { DocumentTransaction } from './transaction.ts';

export interface DryRun<A> {
  value: A;
  /** The events that it would make. */
  events: StreamEvent[];
  seq: number;
}

export interface DryRunParts {
  store: Store;
  cache: DocumentCache;
  world: World;
  by: Author;
}

/** Runs a command on refreshed documents, undoes its edits, and answers once all that it read is durable. */
export async function dryRun<A>(decide: Decide<A>, parts: DryRunParts): Promise<Result<DryRun<A>>> {
  const supplies = new Supplies();
  for (;;) {
    await parts.store.refresh();
    const tried = tryOut(decide, parts, supplies);
    if (tried === undefined) {
      await supplies.fetch(Number.POSITIVE_INFINITY);
    } else {
      await parts.store.flush();
      return tried;
    }
  }
}

/** One try with all its edits undone; undefined if a value must be fetched first. */
function tryOut<A>(
  decide: Decide<A>,
  { store, cache, world, by }: DryRunParts,
  supplies: Supplies,
): Result<DryRun<A>> | undefined {
  const tx = new DocumentTransaction(cache, store);
  supplies.begin();
  try {
    const result = decide(tx, contextOf(world, { by, tx, staged: [], supplies }));
    if (supplies.mustFetch()) return undefined;
    return result.ok ? ok({ value: result.value, events: tx.events, seq: store.seq() }) : result;
  } catch (error) {
    if (supplies.mustFetch()) return undefined;
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  } finally {
    tx.revert();
  }
}
