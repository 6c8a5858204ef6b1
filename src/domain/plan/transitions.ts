// The rules of status changes for all planning objects. Called by the save commands.

import type { Failure } from '../../failure/failure.ts';
import type { EventHead } from '../command.ts';
import type { EventType } from '../events.ts';
import { type PlanKind, showId } from './ids.ts';

/** For each status, the statuses it may change to. */
export type Legal<S extends string> = Readonly<Record<S, readonly S[]>>;

/** The event of reaching each status; `none` for any change that leaves the status as it is. */
export type Moves<S extends string> = Readonly<Record<S | 'none', EventType>>;

/** The event of a change from one status to another, or of one that leaves the status. */
export function eventHeadOf<S extends string>(moves: Moves<S>, from: S, to: S): EventHead {
  return from === to ? { type: moves.none } : { type: moves[to], data: { from } };
}

/**
 * The failure of an illegal change of status, which names the legal ones; undefined if it is legal or changes nothing.
 */
export function illegalStatus<S extends string>(
  legal: Legal<S>,
  kind: PlanKind,
  id: string,
  from: S,
  to: S,
): Failure | undefined {
  if (from === to || legal[from].includes(to)) return undefined;
  const shown = showId(id);
  const next = legal[from][0];
  const call = next === undefined ? `${kind}_save without id` : `${kind}_save {id: "${shown}", status: "${next}"}`;
  return { code: 'illegal-transition', what: shown, from, to, legal: [...legal[from]], call };
}
