// The type of a JSON value, and a deep copy. Used by every room above; imports nothing.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** True for a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A deep copy of a JSON value. Documents change in place: copy a value before it leaves `documents/`, or a later commit
 * would change it in the caller's hands.
 */
export function copyJson<T extends Json>(value: T): T;
export function copyJson(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copyJson(item));
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    // Drop a key whose value is undefined: JSON has no undefined, so the key would be gone after a replay of the log.
    if (item !== undefined) copy[key] = copyJson(item);
  }
  return copy;
}
