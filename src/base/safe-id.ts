// Which ids are allowed: they become file names only if they pass this allow-list, so that no name from outside can
// lead to another file. Used by store/stream.ts, and by config/config.ts for the session that the environment names.

/** What `isId` asks for, for a refusal. */
export const ID_RULE =
  '1 to 64 of a-z, 0-9, dot, dash and underscore, first a letter or digit, without "..", ' +
  'not ending in ".", ".lock" or ".json", and no device name of Windows such as "con"';

/** What `isName` asks for, for a refusal. */
export const NAME_RULE = ID_RULE.replace('64', '40');

/** The characters of an id. Lower case only, because a file system that ignores case would make one file of two ids. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * True for an id that may name a stream: 1 to 64 of [a-z0-9._-], the first a letter or digit, without `..`, not ending
 * in `.`, `.lock` or `.json`, and no device name of Windows.
 */
export function isId(id: string): boolean {
  // A lock library creates `<name>.lock` beside a file; a final dot and device names clash on Windows.
  if (!ID_PATTERN.test(id) || id.includes('..') || id.endsWith('.') || id.endsWith('.lock') || id.endsWith('.json'))
    return false;
  return !/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/.test(id);
}

/**
 * True for a name that a caller may give to an agent, a lock, a channel or an entry of the registry: an id, but of 40
 * characters at most, because it stands in a stream's id beside the project's or a kind.
 */
export function isName(name: string): boolean {
  return name.length <= 40 && isId(name);
}
