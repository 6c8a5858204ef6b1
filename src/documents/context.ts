// What a command may know of the world beyond documents, put together for one try of it. Used by documents.ts.

import type { Context } from '../domain/command.ts';
import type { Author } from '../store/commit.ts';
import type { Decision } from './decision.ts';
import type { Graphs } from './definitions.ts';
import type { DocumentsParts, Staged } from './shapes.ts';
import type { Supplies } from './supplies.ts';
import type { Writers } from './writers.ts';

export interface World extends Pick<DocumentsParts, 'now' | 'id' | 'select' | 'presence'> {
  graphs: Graphs;
  writers: Writers;
}

export interface Try {
  by: Author;
  decision: Decision;
  /** What is decided before it in the same batch. */
  staged: readonly Staged[];
  supplies: Supplies;
}

export function contextOf(world: World, { by, decision, staged, supplies }: Try): Context {
  const { now, id, select, presence, graphs, writers } = world;
  return {
    now: now(),
    by,
    id,
    select,
    lastSeen: (who) => presence.lastSeen(who),
    lastWriter: (...place) => writers.lastWriter(decision, staged, supplies, place),
    definition: (hash) => graphs.named(hash, supplies),
  };
}
