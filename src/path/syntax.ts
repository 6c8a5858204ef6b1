// The parts of a parsed path: segments, selectors and filters. path.ts and filter.ts read them, print.ts prints them,
// query.ts and match.ts run them.

import type { PathToken } from './scan.ts';

/** What one segment of a path selects from a container. A union has at least two parts, none of them a union. */
export type Selector =
  | { select: 'name'; name: string }
  | { select: 'index'; index: number }
  | { select: 'all' }
  | { select: 'slice'; start?: number | undefined; end?: number | undefined; step: number }
  | { select: 'filter'; filter: Filter }
  | { select: 'union'; parts: Selector[] };

/**
 * A selector, and whether it is applied to the current container only or, if `deep` (`..`), also to every container
 * below it.
 */
export interface Segment {
  deep: boolean;
  selector: Selector;
}

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A path inside a filter, from the tested item (`@`) or from the whole document (`$`). */
export interface Query {
  from: '@' | '$';
  segments: Segment[];
  /** The segments, if each names one place: no other path has several values. */
  tokens: PathToken[] | undefined;
}

/** One side of a comparison. */
export type Operand = { query: Query } | { literal: string | number | boolean | null };

export type Filter =
  | { op: 'or' | 'and'; parts: Filter[] }
  | { op: 'not'; part: Filter }
  | { op: 'exists'; query: Query }
  | { op: Comparison; left: Operand; right: Operand };

/** The tokens of the leading segments, as long as each names exactly one place. */
export function simpleTokens(segments: readonly Segment[]): PathToken[] {
  const tokens: PathToken[] = [];
  for (const { deep, selector } of segments) {
    if (deep) break;
    if (selector.select === 'name') tokens.push(selector.name);
    else if (selector.select === 'index') tokens.push(selector.index);
    else break;
  }
  return tokens;
}

/** Whether a selector is a filter or has one among its parts. */
export function hasFilter(selector: Selector): boolean {
  return selector.select === 'filter' || (selector.select === 'union' && selector.parts.some(hasFilter));
}

/** The number of conditions in a selector, those of nested filters among them. */
export function conditionsOf(selector: Selector): number {
  if (selector.select === 'filter') return filterCost(selector.filter);
  return selector.select === 'union' ? selector.parts.reduce((sum, part) => sum + conditionsOf(part), 0) : 0;
}

/** The number of conditions in a filter: an upper bound of the work of one evaluation, beside that of its queries. */
export function filterCost(filter: Filter): number {
  if ('parts' in filter) return filter.parts.reduce((sum, part) => sum + filterCost(part), 0);
  if ('part' in filter) return filterCost(filter.part);
  const queries = 'query' in filter ? [filter.query] : [filter.left, filter.right].flatMap(queryOf);
  return queries.reduce((sum, { segments }) => sum + nestedConditions(segments), 1);
}

function queryOf(operand: Operand): Query[] {
  return 'query' in operand ? [operand.query] : [];
}

function nestedConditions(segments: readonly Segment[]): number {
  return segments.reduce((sum, { selector }) => sum + conditionsOf(selector), 0);
}
