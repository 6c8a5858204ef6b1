// Runs queries with jsonpath-plus; no other file imports it. app/services.ts passes `selectPointers` to commands as
// `ctx.select`, so that domain/ imports no library; tools/state-get.ts calls it for reads.
//
// jsonpath-plus answers malformed or ambiguous paths with data from other places, caches every path and script for
// ever, and its expression interpreter has had code execution flaws. So its path text contains nothing from the client
// but plain names, and we check that it splits this text as intended. Everything else (filters, keys with punctuation,
// unions) is written as the number of one of our own functions and run through its documented `eval` callback, so that
// neither its interpreter nor node:vm is ever entered.

import { JSONPath } from 'jsonpath-plus';
import { type Failure, FailureError, fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { escapeToken, getAt, parsePointer } from '../json/pointer.ts';
import { type Scope, selects } from './match.ts';
import type { QueryPath } from './path.ts';
import { conditionsOf, type Segment, type Selector, simpleTokens } from './syntax.ts';
import { resolveSimple, stepDown } from './walk.ts';

/**
 * Limits of one query: how many matches, and how much work. `work` counts visited values, each weighted by its depth
 * and by the query's conditions.
 */
interface QueryLimits {
  matches: number;
  work: number;
}

/** Measured: they keep the worst accepted query (every value matches, a document of depth 200) below 200 ms. */
const QUERY_LIMITS: Readonly<QueryLimits> = Object.freeze({ matches: 10_000, work: 250_000 });

/** Whether a child is selected, given its key (in an array, its index), its value and its container. */
type Test = (key: string | number, value: Json, container: Json) => boolean;

/**
 * A query compiled for jsonpath-plus: its text, the parts into which jsonpath-plus must split that text, and the tests
 * to which the text refers by number.
 */
interface Plan {
  text: string;
  parts: string[];
  tests: Test[];
  /** For each segment: true if it is a test, which runs on every child. */
  tested: boolean[];
}

interface Coverage {
  work: number;
  /** True if an object has a key that jsonpath-plus leaves out of a pointer: `~`, `^` or one like `@name()`. */
  awkward: boolean;
}

/**
 * Returns the places that a query selects, as JSON Pointers, each once, in document order per segment: own properties
 * and existing elements only. Fails with `too-large` if the part of the document that the query covers, the work of the
 * paths in its filters, or the number of matches, exceeds the limits. Changes nothing, and runs no code of the client.
 *
 * Each `..` begins a stage of its own, which looks only below the outermost places of the stage before: what is below
 * an inner place is below an outer one too. So the work grows with the number of `..`, not with the document's depth.
 */
export function selectPointers(root: Json, path: QueryPath, limits = QUERY_LIMITS): Result<string[]> {
  const prefix = simpleTokens(path.segments);
  const start = resolveSimple(root, prefix);
  if (!start.found) return ok([]);
  let work = 0;
  let over: Failure | undefined;
  const scope: Scope = {
    root,
    spend(more, what = 'the work of the filters') {
      work += more;
      if (work <= limits.work) return;
      over = tooMuch(what, limits.work);
      throw new FailureError(over);
    },
  };
  try {
    let places = new Map<string, Json>([[start.pointer, start.value]]);
    const [first = [], ...later] = stagesOf(path.segments.slice(prefix.length));
    let found = runStage(places, first, scope, limits);
    for (const stage of later) {
      places = outermost(root, found);
      found = runStage(places, stage, scope, limits);
    }
    return ok(found);
  } catch (error) {
    // jsonpath-plus throws an error of its own where a test threw.
    const failure = over ?? (error instanceof FailureError ? error.failure : undefined);
    if (failure !== undefined) return fail(failure);
    throw error;
  }
}

/** Splits segments so that each part has at most one `..`, and each part but the first begins with it. */
function stagesOf(segments: readonly Segment[]): Segment[][] {
  const stages: Segment[][] = [[]];
  let deep = false;
  for (const segment of segments) {
    if (segment.deep && deep) stages.push([]);
    deep ||= segment.deep;
    stages.at(-1)?.push(segment);
  }
  return stages;
}

/** The containers among the places, without those inside another of them. */
function outermost(root: Json, pointers: readonly string[]): Map<string, Json> {
  const all = new Set(pointers);
  const kept = new Map<string, Json>();
  for (const pointer of pointers) {
    let end = pointer.lastIndexOf('/');
    while (end >= 0 && !all.has(pointer.slice(0, end))) end = end === 0 ? -1 : pointer.lastIndexOf('/', end - 1);
    if (end < 0) kept.set(pointer, getAt(root, parsePointer(pointer)) ?? null);
  }
  return kept;
}

/** Runs the segments from each of the places. Throws FailureError (`too-large`). */
function runStage(
  places: ReadonlyMap<string, Json>,
  stage: readonly Segment[],
  scope: Scope,
  limits: QueryLimits,
): string[] {
  const starts = [...places].filter(([, value]) => typeof value === 'object' && value !== null);
  const [only] = starts;
  if (only === undefined) return [];
  // Several starts are run at once, as the elements of one array.
  const json = starts.length === 1 ? only[1] : starts.map(([, value]) => value);
  const segments: readonly Segment[] =
    starts.length === 1 ? stage : [{ deep: false, selector: { select: 'all' } }, ...stage];
  const plan = planOf(segments, limits.matches, scope);
  const coverage = coverageOf(json, segments, plan, limits.work);
  scope.spend(coverage.work, 'the part of the document that the path covers');
  const found = coverage.awkward ? runByParents(json, plan) : runByPointers(json, plan);
  if (found.length > limits.matches) throw new FailureError(tooMuch('the number of matches', limits.matches));
  if (starts.length === 1) return [...new Set(found.map((pointer) => only[0] + pointer))];
  const pointers = found.map((pointer) => {
    const end = pointer.indexOf('/', 1);
    return (starts[Number(pointer.slice(1, end))]?.[0] ?? '') + pointer.slice(end);
  });
  return [...new Set(pointers)];
}

function tooMuch(what: string, limit: number): Failure {
  return { code: 'too-large', what, limit, instead: 'name more of the path before the first .. or *, or a slice' };
}

function planOf(segments: readonly Segment[], maxMatches: number, scope: Scope): Plan {
  const plan: Plan = { text: '$', parts: ['$'], tests: [], tested: testedOf(segments) };
  for (const [at, { deep, selector }] of segments.entries()) {
    let part = bareText(selector);
    let text = selector.select === 'name' ? `'${part}'` : part;
    if (part === undefined || plan.tested[at]) {
      const test: Test = (key, value, container) => selects(selector, key, value, container, scope);
      part = `?(${plan.tests.length})`;
      text = part;
      plan.tests.push(at === segments.length - 1 ? counted(test, maxMatches) : test);
    }
    plan.text += `${deep ? '..' : ''}[${text}]`;
    plan.parts.push(...(deep ? ['..', part] : [part]));
  }
  return plan;
}

/**
 * Which segments must be tests: those without a safe text, and a name before an operator, because after a name
 * jsonpath-plus first looks for a key spelt like the operator (such as a key `..`).
 */
function testedOf(segments: readonly Segment[]): boolean[] {
  const tested: boolean[] = [];
  let operatorNext = false;
  for (const { deep, selector } of segments.toReversed()) {
    const isName = selector.select === 'name';
    const test: boolean = bareText(selector) === undefined || (isName && operatorNext);
    tested.unshift(test);
    operatorNext = deep || test || !isName;
  }
  return tested;
}

/** A selector in the language of jsonpath-plus, or undefined if that text would be unsafe or mean something else. */
function bareText(selector: Selector): string | undefined {
  switch (selector.select) {
    case 'name':
      // Not `length`, which finds the length of arrays, and no digits, which find characters of strings.
      return /^[A-Za-z_][\w-]*$/.test(selector.name) && selector.name !== 'length' ? selector.name : undefined;
    case 'index': // as a slice, which, unlike an index, finds elements of arrays only
      return `${selector.index}:${selector.index === -1 ? '' : selector.index + 1}:1`;
    case 'slice':
      return `${selector.start ?? ''}:${selector.end ?? ''}:${selector.step}`;
    default:
      return undefined;
  }
}

/**
 * Wraps a test so that it selects at most one child beyond the limit: a query that matches everything then costs no
 * more than the limit.
 */
function counted(test: Test, max: number): Test {
  let matches = 0;
  return (key, value, container) => matches <= max && test(key, value, container) && ++matches <= max + 1;
}

/** What jsonpath-plus tells its `eval` callback of the child, and, as `_$_parent`, of the parent of its container. */
interface Evaluated {
  tests: Test[];
  _$_property: string | number;
  _$_v: Json;
  _$_parent: Json;
  _$_parentProperty: string | number;
  _$_root: Json;
}

/** The `eval` callback of jsonpath-plus: `code` is the text inside `?(…)`, the number of a test. */
function runTest(code: string, context: Evaluated): boolean {
  const { tests, _$_property: key, _$_v: value, _$_parent: above } = context;
  const container = above === null ? context._$_root : stepDown(above, context._$_parentProperty);
  return tests[Number(code)]?.(key, value, container ?? null) ?? false;
}

function run(json: Json, plan: Plan, resultType: 'pointer' | 'all'): unknown {
  try {
    const parts = JSONPath.toPathArray(plan.text);
    if (parts.join('\n') !== plan.parts.join('\n')) throw new Error(`jsonpath-plus misreads ${plan.text}: ${parts}`);
    const evaluate = plan.tests.length > 0 ? runTest : false;
    return JSONPath({ path: plan.text, json, eval: evaluate, sandbox: { tests: plan.tests }, resultType });
  } finally {
    JSONPath.clearCache(); // the cache would grow with every path of every client
  }
}

function runByPointers(json: Json, plan: Plan): string[] {
  const found = run(json, plan, 'pointer');
  if (!Array.isArray(found)) throw new Error(`jsonpath-plus gave no list for ${plan.text}`);
  return found.map(String);
}

/**
 * For documents with awkward keys: builds pointers from each match's parent and key, which jsonpath-plus always reports
 * correctly.
 */
function runByParents(json: Json, plan: Plan): string[] {
  const pointers = pointersOf(json);
  const found = run(json, plan, 'all');
  if (!Array.isArray(found)) throw new Error(`jsonpath-plus gave no list for ${plan.text}`);
  return found.map((match: { parent: Json; parentProperty: string | number }) => {
    return `${pointers.get(match.parent)}/${escapeToken(String(match.parentProperty))}`;
  });
}

function pointersOf(json: Json): Map<Json, string> {
  const pointers = new Map<Json, string>([[json, '']]);
  const queue = [json];
  for (let parent = queue.pop(); typeof parent === 'object' && parent !== null; parent = queue.pop()) {
    const at = pointers.get(parent);
    for (const [key, child] of Object.entries(parent)) {
      if (typeof child !== 'object' || child === null) continue;
      pointers.set(child, `${at}/${escapeToken(key)}`);
      queue.push(child);
    }
  }
  return pointers;
}

/**
 * Measures the part of the document that the query may visit, level by level, and looks for awkward keys. Stops once
 * the work exceeds `maxWork`.
 */
function coverageOf(json: Json, segments: readonly Segment[], plan: Plan, maxWork: number): Coverage {
  const coverage: Coverage = { work: 0, awkward: false };
  const deep = segments.some((segment) => segment.deep);
  const weight = segments.reduce((sum, { selector }) => sum + costOf(selector), 0);
  let level = [json];
  for (let depth = 0; level.length > 0 && (deep || depth < segments.length); depth++) {
    const next: Json[] = [];
    const selector = deep || plan.tested[depth] ? undefined : segments[depth]?.selector;
    // jsonpath-plus copies the path at each step, and the matches at each level of `..`, so a deep value costs more.
    const cost = weight * (1 + depth / 8 + (depth / 20) ** 2);
    for (const parent of level) {
      const children = childrenOf(parent, selector);
      coverage.work += children.length * cost;
      if (coverage.work > maxWork) return coverage;
      if (selector === undefined && !Array.isArray(parent)) noteKeys(parent, coverage);
      for (const child of children) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return coverage;
}

function costOf(selector: Selector): number {
  if (selector.select === 'slice') return 2; // its matches cannot be cut short by `counted`
  const parts = selector.select === 'union' ? selector.parts.length / 8 : 0;
  return 1 + conditionsOf(selector) / 4 + parts;
}

/**
 * The children that jsonpath-plus visits to apply a selector. An undefined selector, which stands for a test or `..`,
 * visits all of them.
 */
function childrenOf(parent: Json, selector: Selector | undefined): Json[] {
  if (typeof parent !== 'object' || parent === null) return [];
  switch (selector?.select) {
    case 'slice':
      if (!Array.isArray(parent)) return [];
      return selector.step > 0 ? parent.slice(selector.start, selector.end) : parent;
    case 'index':
      return childIfAny(stepDown(parent, selector.index));
    case 'name':
      return childIfAny(stepDown(parent, selector.name));
    default:
      return Object.values(parent);
  }
}

function childIfAny(child: Json | undefined): Json[] {
  return child === undefined ? [] : [child];
}

function noteKeys(parent: Json, coverage: Coverage): void {
  for (const key of Object.keys(parent ?? {})) {
    const first = key.charCodeAt(0);
    if (first === 0x7e || first === 0x5e || first === 0x40) coverage.awkward ||= /^(~|\^|@.*\(\))$/.test(key);
  }
}
