// Runs queries with jsonpath-plus; the only importer of it. The server passes `selectPointers` to commands as
// ctx.select, so that domain/ stays free of libraries.
//
// jsonpath-plus answers malformed or ambiguous paths with data of some other place, keeps every path and script for
// ever, and its expression interpreter has a history of running code. So it gets a text that holds nothing of the
// client's but plain names, and we check that it splits this text as we meant it. Everything else (filters, keys with
// punctuation, unions) reaches it as the number of one of our own functions, through its documented `eval` callback:
// neither its interpreter nor node:vm is ever entered.

import { JSONPath } from 'jsonpath-plus';
import { fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { escapeToken } from '../json/pointer.ts';
import { filterCost, passes } from './filter.ts';
import { type QueryPath, type Segment, type Selector, simpleTokens } from './path.ts';
import { resolveSimple, stepDown } from './walk.ts';

/** What a query may find and look at. `work` counts nodes, each weighted with its depth and the query's conditions. */
interface QueryLimits {
  matches: number;
  work: number;
}

/** Measured to keep the worst accepted query (all nodes match, documents of depth 200) below 200 ms. */
const QUERY_LIMITS: Readonly<QueryLimits> = Object.freeze({ matches: 10_000, work: 250_000 });

/** Decides whether a child is selected, by its key (an index, in an array) and its value. */
type Test = (key: string | number, value: Json) => boolean;

/** A query as jsonpath-plus gets it: text, the parts that it must find in it, and the tests that the text refers to. */
interface Plan {
  text: string;
  parts: string[];
  tests: Test[];
  /** Per segment: true if it is a test, which is asked about every child. */
  tested: boolean[];
}

interface Survey {
  work: number;
  /** True if there is a key that jsonpath-plus would leave out of a pointer: `~`, `^` or one like `@name()`. */
  awkward: boolean;
}

/**
 * The places (JSON Pointers, each once, in document order per segment) that a query selects: own properties and
 * existing elements only. Fails with `too-large` if the part of the document that it covers, or the number of matches,
 * is beyond the limits. Changes nothing; runs no code of the client's.
 */
export function selectPointers(root: Json, path: QueryPath, limits = QUERY_LIMITS): Result<string[]> {
  const prefix = simpleTokens(path.segments);
  const start = resolveSimple(root, prefix);
  if (!start.found || typeof start.value !== 'object' || start.value === null) return ok([]);
  const segments = path.segments.slice(prefix.length);
  const plan = planOf(segments, limits.matches);
  const survey = surveyOf(start.value, segments, plan, limits.work);
  if (survey.work > limits.work) return tooMuch('the part of the document that the path covers', limits.work);
  const found = survey.awkward ? runByParents(start.value, plan) : runByPointers(start.value, plan);
  if (found.length > limits.matches) return tooMuch('the number of matches', limits.matches);
  return ok([...new Set(found.map((pointer) => start.pointer + pointer))]);
}

function tooMuch(what: string, limit: number): Result<string[]> {
  return fail({
    code: 'too-large',
    what,
    limit,
    instead: 'name more of the path before the first .. or *, or a slice',
  });
}

function planOf(segments: readonly Segment[], maxMatches: number): Plan {
  const plan: Plan = { text: '$', parts: ['$'], tests: [], tested: testedOf(segments) };
  for (const [at, { deep, selector }] of segments.entries()) {
    let part = bareText(selector);
    let text = selector.select === 'name' ? `'${part}'` : part;
    if (part === undefined || plan.tested[at]) {
      const test = testOf(selector);
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
 * Which segments must be tests: those that have no safe text, and names before an operator, because behind a name
 * jsonpath-plus looks for a key spelt like the operator (a key `..`, say) before it obeys the operator.
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

/** What a selector is in jsonpath-plus's own language, if that is safe to say and means just what we mean. */
function bareText(selector: Selector): string | undefined {
  switch (selector.select) {
    case 'name':
      // `length` would find the length of arrays, digits would find characters of strings
      return /^[A-Za-z_][\w-]*$/.test(selector.name) && selector.name !== 'length' ? selector.name : undefined;
    case 'index': // as a slice, which unlike an index only ever finds elements of arrays
      return `${selector.index}:${selector.index === -1 ? '' : selector.index + 1}:1`;
    case 'slice':
      return `${selector.start ?? ''}:${selector.end ?? ''}:${selector.step}`;
    default:
      return undefined;
  }
}

function testOf(selector: Selector): Test {
  switch (selector.select) {
    case 'name':
      return (key) => String(key) === selector.name;
    case 'names': {
      const names = new Set(selector.names);
      return (key) => names.has(String(key));
    }
    case 'indexes': {
      const indexes = new Set(selector.indexes);
      return (key) => typeof key === 'number' && indexes.has(key);
    }
    case 'filter':
      return (_key, value) => passes(selector.filter, value);
    default:
      return () => true;
  }
}

/**
 * Stops selecting one beyond the limit, so that a query that matches everything costs no more than one that is refused.
 */
function counted(test: Test, max: number): Test {
  let matches = 0;
  return (key, value) => matches <= max && test(key, value) && ++matches <= max + 1;
}

/** jsonpath-plus's `eval` callback: `code` is what stands in `?(…)`, the number of a test. */
function runTest(code: string, context: { tests: Test[]; _$_property: string | number; _$_v: Json }): boolean {
  return context.tests[Number(code)]?.(context._$_property, context._$_v) ?? false;
}

function run(json: Json, plan: Plan, resultType: 'pointer' | 'all'): unknown {
  try {
    const parts = JSONPath.toPathArray(plan.text);
    if (parts.join('\n') !== plan.parts.join('\n')) throw new Error(`jsonpath-plus misreads ${plan.text}: ${parts}`);
    const evaluate = plan.tests.length > 0 ? runTest : false;
    return JSONPath({ path: plan.text, json, eval: evaluate, sandbox: { tests: plan.tests }, resultType });
  } finally {
    JSONPath.clearCache(); // it would keep every path of every client for the life of the process
  }
}

function runByPointers(json: Json, plan: Plan): string[] {
  const found = run(json, plan, 'pointer');
  if (!Array.isArray(found)) throw new Error(`jsonpath-plus gave no list for ${plan.text}`);
  return found.map(String);
}

/** For documents with awkward keys: pointers from each match's parent and key, which jsonpath-plus always has right. */
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

/** Walks what the query may visit, level by level, stops beyond the limit, and looks for awkward keys. */
function surveyOf(json: Json, segments: readonly Segment[], plan: Plan, maxWork: number): Survey {
  const survey: Survey = { work: 0, awkward: false };
  const deep = segments.some((segment) => segment.deep);
  const weight = segments.reduce((sum, { selector }) => sum + costOf(selector), 0);
  let level = [json];
  for (let depth = 0; level.length > 0 && (deep || depth < segments.length); depth++) {
    const next: Json[] = [];
    const selector = deep || plan.tested[depth] ? undefined : segments[depth]?.selector;
    // jsonpath-plus copies the path at each step, and the matches at each level of `..`: a deep node costs more.
    const cost = weight * (1 + depth / 8 + (depth / 20) ** 2);
    for (const parent of level) {
      const children = childrenOf(parent, selector);
      survey.work += children.length * cost;
      if (survey.work > maxWork) return survey;
      if (selector === undefined && !Array.isArray(parent)) noteKeys(parent, survey);
      for (const child of children) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return survey;
}

function costOf(selector: Selector): number {
  if (selector.select === 'slice') return 2; // its matches cannot be cut short by `counted`
  return selector.select === 'filter' ? 1 + filterCost(selector.filter) / 4 : 1;
}

/** The children that jsonpath-plus looks at to apply a selector: all of them if undefined, for a test or below `..`. */
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

function noteKeys(parent: Json, survey: Survey): void {
  for (const key of Object.keys(parent ?? {})) {
    const first = key.charCodeAt(0);
    if (first === 0x7e || first === 0x5e || first === 0x40) survey.awkward ||= /^(~|\^|@.*\(\))$/.test(key);
  }
}
