// Conditions: filters of the path grammar that stand alone, such as `@.needs.test.output.coverage >= 0.8`. Nodes of a
// graph have them; graph/check/ parses them for its faults, graph/prepare.ts once for all evaluations. Pure.

import { MAX_PATH_CHARS } from '../config/limits.ts';
import { type Failure, FailureError, fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { readFilter } from './filter.ts';
import { passes } from './match.ts';
import { readSegments } from './path.ts';
import { refusalText } from './refusals.ts';
import { type PathToken, refuse, type Scanner, skipSpace } from './scan.ts';
import { type Filter, type Operand, type Query, simpleTokens } from './syntax.ts';

export interface Condition {
  text: string;
  filter: Filter;
}

/** The most work of one evaluation: as of a query, it keeps the worst accepted condition below 200 ms. */
const MAX_WORK = 250_000;

/** Parses a condition; `$` and `@` both mean the value that it is asked of. Fails with `path-refused`. */
export function parseCondition(text: string): Result<Condition> {
  if (text.length > MAX_PATH_CHARS)
    return fail({ code: 'path-refused', path: text.slice(0, 200), why: refusalText('long') });
  try {
    const scan: Scanner = { text, at: 0 };
    const filter = readFilter(scan, { operands: 0, nesting: 0 }, readSegments);
    skipSpace(scan);
    if (scan.at < text.length) refuse(scan, 'segment');
    return ok({ text, filter });
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  }
}

/** Whether the condition holds for a value. Places that are missing are absent. Fails with `too-large`. */
export function holds({ filter }: Condition, value: Json): Result<boolean> {
  let work = 0;
  const scope = {
    root: value,
    spend(more: number) {
      work += more;
      if (work > MAX_WORK) throw new FailureError(tooMuch());
    },
  };
  try {
    return ok(passes(filter, value, scope));
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  }
}

function tooMuch(): Failure {
  const instead = 'ask for single places instead of searching with .. and *';
  return { code: 'too-large', what: 'the work of the condition', limit: MAX_WORK, instead };
}

/** The places that the condition looks at, as far as each of their segments names one place. */
export function placesOf({ filter }: Condition): PathToken[][] {
  return queriesOf(filter).map(({ segments }) => simpleTokens(segments));
}

function queriesOf(filter: Filter): Query[] {
  if ('parts' in filter) return filter.parts.flatMap(queriesOf);
  if ('part' in filter) return queriesOf(filter.part);
  if ('query' in filter) return [filter.query];
  const of = (operand: Operand): Query[] => ('query' in operand ? [operand.query] : []);
  return [...of(filter.left), ...of(filter.right)];
}
