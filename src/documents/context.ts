// Builds the context of one try of a command. Used by batch.ts and dry-run.ts.

import type { Context } from '../domain/command.ts';
import type { Author } from '../store/commit.ts';
import type { Definitions } from './definitions.ts';
import type { DocumentsParts, Staged } from './shapes.ts';
import type { StoredValues } from './stored-values.ts';
import type { Supplies } from './supplies.ts';
import type { DocumentTransaction } from './transaction.ts';
import type { Writers } from './writers.ts';

export interface World extends Pick<DocumentsParts, 'now' | 'id' | 'select' | 'blobs'> {
  lastSeen: Context['lastSeen'];
  random: Context['random'];
  definitions: Definitions;
  values: StoredValues;
  writers: Writers;
}

export interface Try {
  by: Author;
  tx: DocumentTransaction;
  /** Commands decided before it in the same batch. */
  staged: readonly Staged[];
  supplies: Supplies;
}

export function contextOf(world: World, { by, tx, staged, supplies }: Try): Context {
  const { now, id, random, select, lastSeen, definitions, values, writers } = world;
  return {
    now: now(),
    by,
    id,
    random,
    select,
    lastSeen,
    lastWriter: (...place) => writers.lastWriter(tx, staged, supplies, place),
    definition: (hash) => definitions.named(hash, supplies),
    stored: (hash) => values.named(hash, supplies),
  };
}
