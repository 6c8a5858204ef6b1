// Stream names: which are allowed, and what they are called apart. Ids map to files by this allow-list, never by
// joining strings that came from outside.

import { ID_PATTERN } from '../config/limits.ts';

/** True for an id that may name a stream: 1 to 64 of [a-z0-9._-], not ending in `.lock` or `.json`, without `..`. */
export function isId(id: string): boolean {
  // `.lock` is what a lock library makes beside a file; a dot at the end or Windows' device names clash on other
  // systems.
  if (!ID_PATTERN.test(id) || id.includes('..') || id.endsWith('.') || id.endsWith('.lock') || id.endsWith('.json'))
    return false;
  return !/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/.test(id);
}

/** `store`, or a kind and one or two ids: `session/s-1`, `counter/p-1/task`. */
export function isStreamName(name: string): boolean {
  if (name === 'store') return true;
  const [kind, ...ids] = name.split('/');
  if (kind === undefined || !/^[a-z]{1,24}$/.test(kind) || ids.length < 1 || ids.length > 2) return false;
  return ids.every(isId);
}

export function kindOf(stream: string): string {
  const slash = stream.indexOf('/');
  return slash < 0 ? stream : stream.slice(0, slash);
}

export function idOf(stream: string): string {
  return stream.slice(stream.indexOf('/') + 1);
}
