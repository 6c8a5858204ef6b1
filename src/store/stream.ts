// Stream names: which ones are allowed, and their parts. Their ids follow base/safe-id.ts. Used by domain/, documents/,
// tools/, views/ and store/file.

import { isId } from '../base/safe-id.ts';

export { isId };

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
