// Opens a store for one change or one look, without a server. Used by adopt.ts and restore.ts, and by the verbs hook
// and statusline.

import { Documents } from '../../documents/documents.ts';
import { ok } from '../../failure/failure.ts';
import { fileBackend, type StoreSettings } from '../../store/open.ts';

export type OfflineSettings = Pick<StoreSettings, 'dir' | 'durability' | 'forceNetworkFs' | 'disk'>;

/**
 * Throws FailureError if the store must not be opened. `select` and `id` are dummies: these callers run no query and
 * need no unique id.
 */
export function openOffline(settings: OfflineSettings): Documents {
  return new Documents({
    ...fileBackend(settings),
    now: Date.now,
    id: (prefix) => `${prefix}-${process.pid}`,
    select: () => ok([]),
  });
}
