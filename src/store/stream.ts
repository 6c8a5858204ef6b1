// Stream names: which ones are allowed, and their parts. Ids become file names only if they pass this allow-list, so
// that no name from outside can lead to another file. Used by domain/, documents/, tools/, views/ and store/file.

/** One id. Lower case only, because a file system that ignores case would make one file of two ids. */
const ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * True for an id that may name a stream: 1 to 64 of [a-z0-9._-], the first a letter or digit, without `..`, not ending
 * in `.`, `.lock` or `.json`, and no device name of Windows.
 */
export function isId(id: string): boolean {
  // A lock library creates `<name>.lock` beside a file; a final dot and device names clash on Windows.
  if (!ID.test(id) || id.includes('..') || id.endsWith('.') || id.endsWith('.lock') || id.endsWith('.json'))
    return false;
  return !/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/.test(id);
}

/** True for `store`, and for a kind with one or two ids: `session/s-1`, `counter/p-1/task`. */
export function isStreamName(name: string): boolean {
  if (name === 'store') return true;
  const [kind, ...ids] = name.split('/');
  if (kind === undefined || !/^[a-z]{1,24}$/.test(kind) || ids.length < 1 || ids.length > 2) return false;
  return ids.every(isId);
}

/** `session` of `session/s-1`; the whole name of a stream without ids. */
export function kindOf(stream: string): string {
  const slash = stream.indexOf('/');
  return slash < 0 ? stream : stream.slice(0, slash);
}

/** All after the first slash: `s-1` of `session/s-1`, `p-1/task` of `counter/p-1/task`. */
export function idOf(stream: string): string {
  return stream.slice(stream.indexOf('/') + 1);
}
