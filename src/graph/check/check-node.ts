// Checks single fields of a graph and of its nodes. Called by check.ts. The rule of a shared field belongs here, that
// of a kind's own field in the kind's file.

import { nearest } from '../../base/nearest.ts';
import { ID_PATTERN } from '../../base/safe-id.ts';
import { MAX_PARALLEL } from '../../config/limits.ts';
import { checkField, type Field, isFitText } from '../fields.ts';
import {
  type Fault,
  type Graph,
  type GraphNode,
  type KindRules,
  type Kinds,
  OTHER_NAMES,
  SHARED_FIELDS,
} from '../graph.ts';
import { checkCompensate } from './check-compensate.ts';
import { checkGates } from './check-gates.ts';
import { checkMap } from './check-map.ts';
import { checkRepeat } from './check-repeat.ts';

/** Ids that every JavaScript object has as a member, or that paths into documents refuse. */
const RESERVED_IDS = new Set(['constructor', 'prototype']);
const SHARED = new Map<string, Field>(Object.entries(SHARED_FIELDS));
/** Fields that this file checks more strictly than their descriptions. */
const HAVE_RULES = new Set(['id', 'kind']);
const PARALLEL = { type: 'number', whole: true, min: 1, max: MAX_PARALLEL } as const;

/** Faults of the graph outside of its nodes. */
export function checkShared(graph: Graph): Fault[] {
  const faults: Fault[] = [];
  if (graph.name.trim() === '') faults.push(range('/name', 'the graph has no name', 'give it a short name'));
  if (graph.nodes.length === 0) {
    const hint = 'add at least one node, such as {"id":"plan","kind":"agent","task":"…"}';
    faults.push({ code: 'empty-graph', at: '/nodes', message: 'the graph has no nodes', hint });
  }
  for (const fault of timeFaults(graph)) faults.push(fault);
  const { max_parallel: maxParallel, defaults: { retry, timeouts } = {} } = graph;
  if (maxParallel !== undefined && maxParallel !== 'auto') checkField(maxParallel, PARALLEL, '/max_parallel', faults);
  if (retry !== undefined) checkField(retry, SHARED_FIELDS.retry, '/defaults/retry', faults);
  if (timeouts !== undefined) checkField(timeouts, SHARED_FIELDS.timeouts, '/defaults/timeouts', faults);
  return faults;
}

function timeFaults({ deadline, wall_s }: Graph): Fault[] {
  const faults: Fault[] = [];
  if (deadline !== undefined && Number.isNaN(Date.parse(deadline)))
    faults.push(range('/deadline', `"${deadline}" is no point in time`, 'write such as 2030-01-31T09:00:00Z'));
  if (wall_s !== undefined && !(wall_s > 0)) faults.push(range('/wall_s', `${wall_s} is no duration`, 'give seconds'));
  return faults;
}

/** Adds the faults of one node but not of its needs. */
export function checkFields(node: GraphNode, at: string, kinds: Kinds, faults: Fault[]): void {
  if (!ID_PATTERN.test(node.id) || RESERVED_IDS.has(node.id)) {
    const hint = 'use 1–64 of a–z, 0–9, dot, dash and underscore, beginning with a letter or digit';
    const why = RESERVED_IDS.has(node.id) ? 'is reserved' : 'is not a valid id';
    faults.push({ code: 'bad-id', at: `${at}/id`, message: `"${node.id.slice(0, 80)}" ${why}`, hint });
  }
  const kind = kinds.get(node.kind);
  if (kind === undefined) faults.push(unknownKind(node.kind, at, kinds));
  let typesAreRight = true;
  for (const [name, value] of Object.entries(node)) {
    const field = SHARED.get(name) ?? (kind && Object.hasOwn(kind.fields, name) ? kind.fields[name] : undefined);
    if (field === undefined) {
      if (kind !== undefined) faults.push(strange(name, kind, at, kinds));
    } else if (value !== undefined && !HAVE_RULES.has(name) && !isFitText(value, field)) {
      typesAreRight = checkField(value, field, `${at}/${name}`, faults) && typesAreRight;
    }
  }
  if (!typesAreRight) return;
  checkMap(node, at, faults);
  checkCompensate(node, at, kinds, faults);
  if (node.gates !== undefined) checkGates(node, at, kind, faults);
  if (node.repeat !== undefined) checkRepeat(node, node.repeat, at, kind, faults);
  if (kind !== undefined) for (const fault of kind.check(node, at)) faults.push(fault);
}

function unknownKind(kind: string, at: string, kinds: Kinds): Fault {
  const near = nearest(kind, kinds.keys());
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : `use one of ${[...kinds.keys()].join(', ')}`;
  return { code: 'unknown-kind', at: `${at}/kind`, message: `"${kind}" is no kind of node`, hint };
}

function strange(field: string, { kind, fields }: KindRules, at: string, kinds: Kinds): Fault {
  const owner = [...kinds.values()].find((other) => Object.hasOwn(other.fields, field));
  const known = [...SHARED.keys(), ...Object.keys(fields)];
  const near = nearest(field, known);
  const meant = OTHER_NAMES.get(field.toLowerCase());
  if (meant !== undefined) near.unshift(meant);
  const guess = near.length > 0 ? `did you mean ${near[0] === meant ? meant : near.join(', ')}?` : 'remove it';
  const hint = owner ? `it belongs to nodes of kind "${owner.kind}"; change the kind or remove it` : guess;
  return { code: 'unknown-field', at: `${at}/${field}`, message: `a node of kind "${kind}" has no "${field}"`, hint };
}

function range(at: string, message: string, hint: string): Fault {
  return { code: 'bad-value', at, message, hint };
}
