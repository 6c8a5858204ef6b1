// Filters of lists: a word that no value can be is refused with what may be meant. Used by events_query.

import { nearest } from '../../base/nearest.ts';
import { fail, type Result } from '../../failure/failure.ts';

/** Refuses a filter's value, with the known words that may be meant. */
export function unknownWord(at: string, given: string, known: readonly string[]): Result<never> {
  const near = nearest(given, known);
  const why = near.length === 0 ? 'nothing is called so' : `nothing is called so; did you mean ${near.join(' or ')}?`;
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}
