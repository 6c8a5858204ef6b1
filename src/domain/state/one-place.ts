// The refusal of a query where one place is needed. It names the place that the query selects now instead of taking it:
// by the time of the call, or of its repeat, the same filter may select another one. Used by commands.ts and by the
// tools that read the past of one place.

import type { Failure, Result } from '../../failure/failure.ts';
import type { Json } from '../../json/json.ts';
import type { QueryPath } from '../../path/path.ts';
import { pathOf } from '../../path/walk.ts';

/** `wants`: what takes one place only, and why, as the beginning of a sentence. */
export function onePlaceFailure(
  path: QueryPath,
  root: Json,
  select: (root: Json, path: QueryPath) => Result<string[]>,
  wants: string,
): Failure {
  const found = select(root, path);
  const places = found.ok ? found.value : [];
  const [first] = places;
  const named = first === undefined ? '' : pathOf(root, first);
  const now =
    places.length === 1
      ? `this one selects one place now, so call again with ${named}`
      : `this one selects ${places.length === 0 ? 'none' : `${places.length}, the first ${named}`}`;
  return { code: 'path-refused', path: path.text, why: found.ok ? `${wants}; ${now}` : wants };
}
