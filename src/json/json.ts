// What a JSON value is, and the limits every value from outside must keep. Used by every layer; imports nothing.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** True for plain JSON objects: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A deep copy of a JSON value. Documents change in place, so whatever leaves the kernel is copied first. */
export function copyJson<T extends Json>(value: T): T;
export function copyJson(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copyJson(item));
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    // JSON has no undefined: a key without a value must not exist here and be gone after a replay.
    if (item !== undefined) copy[key] = copyJson(item);
  }
  return copy;
}
