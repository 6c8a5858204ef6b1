// The `not-found` failure of a name, with known names like it. Used by commands of team/, views and tools.

import { nearest } from '../../base/nearest.ts';
import { fail, type Result } from '../../failure/failure.ts';

/** `call`: the call that lists the right names, beginning with a tool. */
export function notFound(what: string, name: string, known: Iterable<string>, call: string): Result<never> {
  return fail({ code: 'not-found', what, name: name.slice(0, 128), near: nearest(name, known), call });
}
