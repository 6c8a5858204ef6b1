// The paths that the schemas of a project may have. Apart from state-schemas.ts, because a config is checked without
// any value: the status line, which starts again and again, would load the commands that write state. Pure.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { parsePath } from '../../path/path.ts';
import type { PathToken } from '../../path/scan.ts';
import type { Segment } from '../../path/syntax.ts';
import { RESERVED } from '../state/keys.ts';

/** A step of a schema's path: a key, or undefined for any (`*`). */
export type Step = string | undefined;

/** The steps of a schema's path. Fails with `path-refused` for a path that a schema cannot have. */
export function schemaSteps(path: string): Result<Step[]> {
  const parsed = parsePath(path);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  const found = value.kind === 'simple' ? value.tokens.map(keyStep) : value.segments.map(stepOf);
  const steps = found.filter((step) => step !== null);
  const [first] = steps;
  const refuse = (why: string) => fail({ code: 'path-refused', path: value.text, why });
  if (steps.length < found.length) return refuse('the path of a schema is made of keys and *, as $.tasks.*.status');
  if (first === undefined) return refuse('the path of a schema begins with a key, as $.tasks');
  return Object.hasOwn(RESERVED, first) ? refuse(`${first} is not written by the state tools`) : ok(steps);
}

/** Null for a step that a schema's path cannot have. */
function stepOf({ deep, selector }: Segment): Step | null {
  if (deep) return null;
  if (selector.select === 'all') return undefined;
  return selector.select === 'name' ? keyStep(selector.name) : null;
}

/** No index: an element's index changes when an earlier element goes, so a schema applies to all elements or none. */
function keyStep(token: PathToken): Step | null {
  return typeof token === 'string' && !/^\d+$/.test(token) ? token : null;
}
