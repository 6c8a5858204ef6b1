// The rules for single fields of a graph and of its nodes. Called by check.ts; add a rule for a shared field here, one
// for a kind's own field in the kind's file.

import { nearest } from '../../base/nearest.ts';
import {
  type Fault,
  type Graph,
  type GraphNode,
  type Kinds,
  type Retry,
  SHARED_FIELDS,
  type Timeouts,
} from '../graph.ts';

/** Ids become keys of documents and names in paths, so they follow the rule for every id in the store. */
const ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Names that a plain JavaScript object already answers to, or that paths into documents refuse. */
const RESERVED_IDS = new Set(['constructor', 'prototype']);
const EFFECTS = ['pure', 'idempotent', 'once'];
const SHARED = new Set<string>(SHARED_FIELDS);
/** A try, a lease or a pause longer than 30 days is a slip of the unit. */
const MAX_S = 30 * 24 * 3600;

/** Faults of everything in the graph but its nodes. */
export function checkShared(graph: Graph): Fault[] {
  const faults: Fault[] = [];
  if (graph.name.trim() === '') faults.push(range('/name', 'the graph has no name', 'give it a short name'));
  if (graph.nodes.length === 0) {
    const hint = 'add at least one node, such as {"id":"plan","kind":"agent","task":"…"}';
    faults.push({ code: 'empty-graph', at: '/nodes', message: 'the graph has no nodes', hint });
  }
  if (graph.max_parallel !== 'auto') within(graph.max_parallel, '/max_parallel', 1, 10_000, true, faults);
  checkRetry(graph.defaults?.retry, '/defaults/retry', faults);
  checkTimeouts(graph.defaults?.timeouts, '/defaults/timeouts', faults);
  return faults;
}

/** Adds the faults of one node, its needs apart. */
export function checkFields(node: GraphNode, at: string, kinds: Kinds, faults: Fault[]): void {
  if (!ID.test(node.id) || RESERVED_IDS.has(node.id)) {
    const hint = 'use 1–64 of a–z, 0–9, dot, dash and underscore, beginning with a letter or digit';
    const why = RESERVED_IDS.has(node.id) ? 'is reserved' : 'is not a valid id';
    faults.push({ code: 'bad-id', at: `${at}/id`, message: `"${node.id.slice(0, 80)}" ${why}`, hint });
  }
  within(node.priority, `${at}/priority`, 1, 5, true, faults);
  within(node.estimate_s, `${at}/estimate_s`, 0, MAX_S, false, faults);
  if (node.retry) checkRetry(node.retry, `${at}/retry`, faults);
  if (node.timeouts) checkTimeouts(node.timeouts, `${at}/timeouts`, faults);
  if (node.effect !== undefined && !EFFECTS.includes(node.effect)) {
    faults.push(range(`${at}/effect`, `"${node.effect}" is no effect`, `use one of ${EFFECTS.join(', ')}`));
  }
  const kind = kinds.get(node.kind);
  if (!kind) {
    const near = nearest(node.kind, kinds.keys());
    const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : `use one of ${[...kinds.keys()].join(', ')}`;
    faults.push({ code: 'unknown-kind', at: `${at}/kind`, message: `"${node.kind}" is no kind of node`, hint });
    return;
  }
  for (const field of Object.keys(node)) {
    if (!SHARED.has(field) && !kind.fields.includes(field)) faults.push(strange(field, node.kind, at, kinds));
  }
  const own = kind.check(node, at);
  for (const fault of own) faults.push(fault);
}

function strange(field: string, kind: string, at: string, kinds: Kinds): Fault {
  const owner = [...kinds.values()].find((other) => other.fields.includes(field));
  const known = [...SHARED_FIELDS, ...(kinds.get(kind)?.fields ?? [])];
  const near = nearest(field, known);
  const guess = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'remove it';
  const hint = owner ? `it belongs to nodes of kind "${owner.kind}"; change the kind or remove it` : guess;
  return { code: 'unknown-field', at: `${at}/${field}`, message: `a node of kind "${kind}" has no "${field}"`, hint };
}

function checkRetry(retry: Retry | undefined, at: string, faults: Fault[]): void {
  within(retry?.max_attempts, `${at}/max_attempts`, 1, 10, true, faults);
  within(retry?.backoff_s, `${at}/backoff_s`, 0, MAX_S, false, faults);
  within(retry?.factor, `${at}/factor`, 1, 100, false, faults);
  within(retry?.max_backoff_s, `${at}/max_backoff_s`, 0, MAX_S, false, faults);
}

function checkTimeouts(timeouts: Timeouts | undefined, at: string, faults: Fault[]): void {
  within(timeouts?.run_s, `${at}/run_s`, 0.001, MAX_S, false, faults);
  within(timeouts?.lease_s, `${at}/lease_s`, 1, MAX_S, false, faults);
}

function within(
  value: number | undefined,
  at: string,
  least: number,
  most: number,
  whole: boolean,
  faults: Fault[],
): void {
  if (value === undefined || (value >= least && value <= most && (!whole || Number.isInteger(value)))) return;
  const what = whole ? 'a whole number' : 'a number';
  faults.push(range(at, `${value} is out of range`, `use ${what} from ${least} to ${most}`));
}

function range(at: string, message: string, hint: string): Fault {
  return { code: 'bad-value', at, message, hint };
}
