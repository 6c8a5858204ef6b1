// Checks a definition before a run of it: finds every fault at once, and measures the graph. Called by
// tools/graph-check.ts.

import { nearest } from '../../base/nearest.ts';
import { type Fault, type Graph, type Kinds, MAX_NODES } from '../graph.ts';
import { type BadNeed, type Links, link, topologicalOrder } from '../links.ts';
import { type Costs, costs } from '../plan/costs.ts';
import { measure, redundantEdges, weights } from '../plan/measure.ts';
import { hasTrigger } from '../trigger.ts';
import { warnOfReviewers } from './check-gates.ts';
import { checkFields, checkShared } from './check-node.ts';
import { checkPlan, littleParallel } from './check-plan.ts';
import { checkTriggers } from './check-triggers.ts';
import { findCycles } from './cycles.ts';

/** The faults and measures of a graph. The measures are 0 and empty while a node can never start. */
export interface GraphReport {
  ok: boolean;
  nodes: number;
  edges: number;
  levels: number;
  /** The most nodes on one level. */
  widest: number;
  /**
   * 1 − work on the critical path / all work: the share of work that more workers can do in parallel. 0 … 1, three
   * decimals.
   */
  parallel_share: number;
  /** All work / work on the critical path: how much faster enough workers are than one. Two decimals. */
  speed_up: number;
  /** What its nodes may cost, one try each, and how many agent nodes say nothing of it; absent if none says it. */
  forecast?: Costs;
  /** Ids, first to last. */
  critical_path: string[];
  errors: Fault[];
  warnings: Fault[];
  /** The number of errors and warnings that were cut off. */
  cut?: number;
}

/** The most errors, and the most warnings, in a report: a model reads them all. */
const MAX_FAULTS = 50;
/** How many missing names get a suggestion: the search for near names compares with every node. */
const MAX_NEAR = 20;
/** The most nodes for which redundant edges are searched: above it the search takes longer than all the rest. */
const MAX_REDUCED = 2_000;
/** Names listed in one message. */
const MAX_NAMES = 12;

/**
 * Finds every fault of `graph`. Contract: never throws for a value of the right types; linear but for redundant edges.
 */
export function checkGraph(graph: Graph, kinds: Kinds): GraphReport {
  const { nodes } = graph;
  const errors = checkShared(graph);
  const warnings: Fault[] = [];
  if (nodes.length > MAX_NODES) {
    errors.push({
      code: 'too-many-nodes',
      at: '/nodes',
      message: `the graph has ${nodes.length} nodes; ${MAX_NODES} is the most`,
      hint: 'split it into several graphs',
    });
    return report(graph, 0, errors, warnings);
  }
  for (const [i, node] of nodes.entries()) checkFields(node, `/nodes/${i}`, kinds, errors);
  checkTriggers(graph, errors, warnings);
  // The gates of a graph with faults may lack what is asked of them.
  if (errors.length === 0) {
    checkPlan(graph, warnings);
    warnOfReviewers(nodes, warnings);
  }
  const broken = new Uint8Array(nodes.length);
  const badNeeds: [BadNeed, number, number][] = [];
  const links = link(nodes, (bad, node, need) => {
    badNeeds.push([bad, node, need]);
    if (bad !== 'twice') broken[node] = 1;
  });
  if (links.index.size < nodes.length) duplicates(links, errors);
  describeNeeds(graph, links, badNeeds, errors, warnings);

  const order = topologicalOrder(links, broken);
  const whole = report(graph, links.needs.to.length, errors, warnings);
  if (order.length < nodes.length) {
    describeStuck(links, broken, order, errors);
    return report(graph, whole.edges, errors, warnings);
  }
  const found = measure(links, weights(nodes), order);
  // By way of a node with a trigger of its own a need is not implied: it may end as well as fail.
  if (nodes.length <= MAX_REDUCED && !nodes.some(hasTrigger)) describeRedundant(links, order, warnings);
  const little = littleParallel(nodes.length, found);
  if (little !== undefined) warnings.push(little);
  const forecast = costs(graph, kinds);
  return {
    ...report(graph, whole.edges, errors, warnings),
    ...(forecast === undefined ? {} : { forecast }),
    speed_up: found.critical > 0 ? Math.round((found.total / found.critical) * 100) / 100 : 1,
    levels: found.levels,
    widest: found.widest,
    parallel_share: found.total > 0 ? Math.round((1 - found.critical / found.total) * 1000) / 1000 : 0,
    critical_path: found.criticalPath.map((i) => links.ids[i] ?? ''),
  };
}

function report(graph: Graph, edges: number, errors: Fault[], warnings: Fault[]): GraphReport {
  const cut = Math.max(0, errors.length - MAX_FAULTS) + Math.max(0, warnings.length - MAX_FAULTS);
  return {
    ok: errors.length === 0,
    nodes: graph.nodes.length,
    edges,
    levels: 0,
    widest: 0,
    parallel_share: 0,
    speed_up: 0,
    critical_path: [],
    errors: errors.slice(0, MAX_FAULTS),
    warnings: warnings.slice(0, MAX_FAULTS),
    ...(cut > 0 && { cut }),
  };
}

function duplicates(links: Links, errors: Fault[]): void {
  for (const [i, id] of links.ids.entries()) {
    const first = links.index.get(id);
    if (first === i) continue;
    errors.push({
      code: 'duplicate-id',
      at: `/nodes/${i}/id`,
      message: `"${id}" is already the id of /nodes/${first}`,
      hint: 'give each node an id of its own',
    });
  }
}

function describeNeeds(
  graph: Graph,
  links: Links,
  bad: readonly [BadNeed, number, number][],
  errors: Fault[],
  warnings: Fault[],
): void {
  let searched = 0;
  for (const [what, i, k] of bad) {
    const id = links.ids[i] ?? '';
    const need = graph.nodes[i]?.needs?.[k] ?? '';
    const at = `/nodes/${i}/needs/${k}`;
    if (what === 'twice') {
      const message = `"${id}" names "${need}" twice`;
      warnings.push({ code: 'duplicate-need', at, message, hint: 'remove the second one; it has no effect' });
    } else if (what === 'self') {
      const message = `"${id}" needs itself, so it can never start`;
      errors.push({ code: 'self-dependency', at, message, hint: `remove "${id}" from its own needs` });
    } else {
      const near = searched++ < MAX_NEAR ? nearest(need, links.index.keys()) : [];
      const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'add such a node, or remove it from needs';
      errors.push({ code: 'missing-dependency', at, message: `"${id}" needs "${need}", which is no node`, hint });
    }
  }
}

/** Reports each cycle, and in one fault all nodes behind a cycle or a broken need: they are right once those are. */
function describeStuck(links: Links, broken: Uint8Array, order: Int32Array, errors: Fault[]): void {
  const explained = broken.slice();
  for (const node of order) explained[node] = 1;
  for (const cycle of findCycles(links)) {
    for (const node of cycle) explained[node] = 1;
    const names = cycle.map((node) => links.ids[node] ?? '');
    const path = shorten([...names, names[0] ?? ''], ' → ');
    errors.push({
      code: 'cycle',
      at: `/nodes/${cycle[0]}/needs`,
      message: `each of these needs the next, so none can start: ${path}`,
      hint: `break the circle, for example by removing "${names[1]}" from the needs of "${names[0]}"`,
    });
  }
  const behind = links.ids.filter((_, i) => explained[i] === 0);
  if (behind.length === 0) return;
  errors.push({
    code: 'unreachable',
    at: `/nodes/${explained.indexOf(0)}`,
    message:
      `${behind.length} more can never start, because they wait for one of the nodes above: ` +
      `${shorten(behind, ', ')}`,
    hint: 'correct the cycles and needs above first',
  });
}

function describeRedundant(links: Links, order: Int32Array, warnings: Fault[]): void {
  const redundant = redundantEdges(links, order);
  const [first] = redundant;
  if (!first) return;
  const edges = redundant.map(([node, need]) => `${links.ids[node]} → ${links.ids[need]}`);
  const what = redundant.length === 1 ? '1 need is' : `${redundant.length} needs are`;
  warnings.push({
    code: 'redundant-needs',
    at: `/nodes/${first[0]}/needs`,
    message: `${what} already implied by others: ${shorten(edges, ', ')}`,
    hint: 'they can be removed without changing the order',
  });
}

/** Joins names; of many only the first and last few, with the count of the others. */
function shorten(names: readonly string[], separator: string): string {
  if (names.length <= MAX_NAMES) return names.join(separator);
  const half = MAX_NAMES / 2;
  const cut = `… (${names.length - MAX_NAMES} more)`;
  return [...names.slice(0, half), cut, ...names.slice(-half)].join(separator);
}
