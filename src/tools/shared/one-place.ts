// The path of one place for tools that look at its past: a query is refused with the place that it selects now. Used by
// state-history.ts and state-restore.ts.

import type { Services } from '../../app/services.ts';
import { sessionStream } from '../../domain/session/document.ts';
import { onePlaceFailure } from '../../domain/state/one-place.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Json } from '../../json/json.ts';
import type { SimplePath, StatePath } from '../../path/path.ts';
import { selectPointers } from '../../path/query.ts';

export async function onePlace(
  { documents }: Services,
  session: string,
  path: StatePath,
  wants: string,
): Promise<Result<SimplePath>> {
  if (path.kind === 'simple') return ok(path);
  return await documents.read((view) => {
    const root = (view.get(sessionStream(session)) ?? {}) as Json;
    return fail(onePlaceFailure(path, root, selectPointers, wants));
  });
}
