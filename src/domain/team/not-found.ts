// The failure of a name that means nothing, with the names that may have been meant.

import { nearest } from '../../base/nearest.ts';
import { fail, type Result } from '../../failure/failure.ts';

/** `call`: how to find the right one, beginning with a tool. */
export function notFound(what: string, name: string, known: Iterable<string>, call: string): Result<never> {
  return fail({ code: 'not-found', what, name: name.slice(0, 128), near: nearest(name, known), call });
}
