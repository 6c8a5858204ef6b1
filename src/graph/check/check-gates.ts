// Checks the gates of a node, and warns of reviews for which there can be no reviewer. Called by check-node.ts and
// check.ts.

import { nearest } from '../../base/nearest.ts';
import { ID_PATTERN } from '../../base/safe-id.ts';
import { isObject, type Json } from '../../json/json.ts';
import { checkField } from '../fields.ts';
import { badGate } from '../gates/define.ts';
import { gateKinds, gatesIn } from '../gates/index.ts';
import { type Fault, type GateSpec, type GraphNode, type KindRules, SHARED_FIELDS } from '../graph.ts';

/** Kinds whose nodes somebody reports done. */
const GATED = new Set(['agent', 'server']);

/** Adds the faults of a node's gates. */
export function checkGates({ id, gates = [] }: GraphNode, at: string, kind: KindRules | undefined, faults: Fault[]) {
  if (gates.length > 0 && kind !== undefined && !GATED.has(kind.performer))
    faults.push(badGate(`${at}/gates`, `"${id}" is of the kind ${kind.kind}, which nobody reports done`, 'remove it'));
  const seen = new Set<string>();
  for (const [i, gate] of gates.entries()) {
    const place = `${at}/gates/${i}`;
    checkGate(gate, place, faults);
    if (seen.has(gate?.id)) faults.push(badGate(`${place}/id`, `there are two gates "${gate.id}"`, 'rename one'));
    seen.add(gate?.id);
  }
}

function checkGate(gate: GateSpec, at: string, faults: Fault[]): void {
  if (!isObject(gate as unknown as Json)) {
    faults.push(badGate(at, 'it is no gate', 'write such as {"id": "tests", "kind": "command", "command": […]}'));
    return;
  }
  if (typeof gate.id !== 'string' || !ID_PATTERN.test(gate.id))
    faults.push(badGate(`${at}/id`, 'it has no valid id', 'use 1–64 of a–z, 0–9, dot, dash and underscore'));
  const kind = gateKinds.get(gate.kind);
  if (kind === undefined) {
    const near = nearest(String(gate.kind), gateKinds.keys());
    const hint =
      near.length > 0 ? `did you mean ${near.join(', ')}?` : `use one of ${[...gateKinds.keys()].join(', ')}`;
    faults.push(badGate(`${at}/kind`, `"${gate.kind}" is no kind of gate`, hint));
    return;
  }
  let typesAreRight = true;
  for (const [name, value] of Object.entries(gate)) {
    if (name === 'id' || name === 'kind') continue;
    const field = name === 'retry' && 'retry' in kind.fields ? SHARED_FIELDS.retry : kind.fields[name];
    if (field === undefined || !Object.hasOwn(kind.fields, name)) {
      const hint = `use only id, kind, ${Object.keys(kind.fields).join(', ')}`;
      faults.push(badGate(`${at}/${name}`, `a gate of kind "${kind.kind}" has no "${name}"`, hint));
    } else typesAreRight = checkField(value, field, `${at}/${name}`, faults) && typesAreRight;
  }
  if (typesAreRight) for (const fault of kind.check(gate, at)) faults.push(fault);
}

/** Warns of reviews that the agents named for them cannot give, because they do the work or are too few. */
export function warnOfReviewers(nodes: readonly GraphNode[], warnings: Fault[]): void {
  for (const [i, node] of nodes.entries()) {
    for (const gate of gatesIn(node, 'agents')) {
      if (gate.kind !== 'review' || gate.who === undefined) continue;
      const { who, reviewers = 1, k = reviewers } = gate;
      const author = 'agent' in node ? node.agent : undefined;
      const free = new Set(who.filter((name) => name !== author));
      if (free.size >= k) continue;
      const at = `/nodes/${i}/gates/${node.gates?.indexOf(gate) ?? 0}/who`;
      const message = `"${gate.id}" wants ${k} reviewers, but of those named ${free.size} may review "${node.id}"`;
      const hint = 'name more agents than the author, or leave who out; agents of other sessions may have these names';
      warnings.push({ code: 'no-reviewer', at, message, hint });
    }
  }
}
