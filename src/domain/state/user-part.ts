// What users put into a session's document, without what the session keeps about itself. Used by state_get and by the
// history of the state.

import { isObject, type Json } from '../../json/json.ts';

/** Keys of the document that the session keeps about itself; they are read by name. */
export const OWN_KEYS: readonly string[] = ['session', 'schema'];

/** The document without the session's own keys, and without a place for facts of runs as long as none are there. */
export function userPart(root: Json): Json {
  if (!isObject(root)) return root;
  return Object.fromEntries(
    Object.entries(root).filter(([key, value]) => !OWN_KEYS.includes(key) && !isUnused(key, value)),
  );
}

function isUnused(key: string, value: Json): boolean {
  return key === 'execution' && isObject(value) && Object.keys(value).length === 0;
}
