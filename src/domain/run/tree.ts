// The scopes of a run as a tree: the run's own graph is the root, and nodes open further ones. Each has a prepared
// graph whose ids are the ids in the run's document, so that one scheduler serves all of them. Pure reading; used by
// commands through RunScope, by views and by the runner.

import { FailureError } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import { type PreparedGraph, prepare } from '../../graph/prepare.ts';
import type { Begun } from '../../graph/ready/order.ts';
import type { Limits } from '../../graph/ready/ready.ts';
import { type Survey, survey } from '../../graph/ready/survey.ts';
import { gateNodes, mapItems, scoped } from '../../graph/scoped.ts';
import { begunOf, limitsOf, type RunDocument, type ScopeRecord } from './document.ts';

/** One scope of a run. */
export interface Scope {
  /** What stands before the ids of its nodes; empty for the run's own graph. */
  readonly prefix: string;
  /** Absent for the run's own graph. */
  readonly record?: Readonly<ScopeRecord>;
  readonly parent?: Scope;
  /** By full ids. */
  readonly prepared: PreparedGraph<AnyNode>;
  readonly depth: number;
}

/** A node in its scope. */
export interface Place {
  scope: Scope;
  /** Its position in the scope's definition. */
  index: number;
  /** Its definition, under the id that it has there. */
  node: AnyNode;
  /** Its id in the run's document. */
  id: string;
}

/** The prefix of the scope of undos. */
export const UNDO = 'undo:';

/** The scopes that nodes open, by what ends their prefix. */
const PREFIX_ENDS = { graph: '/', map: '@', gates: '!' } as const;
export type Opens = keyof typeof PREFIX_ENDS;

/** The prefix of the scope that a node of this kind opens. */
export function prefixOf(kind: Opens, id: string): string {
  return id + PREFIX_ENDS[kind];
}

/** What ends the prefix of a scope. */
const SEPARATORS = '/@!:';

/** The prefix of the scope that holds a node; empty for the run's own graph. */
export function holderOf({ scopes }: Pick<RunDocument, 'scopes'>, id: string): string {
  if (scopes === undefined) return '';
  for (let end = id.length - 1; end > 0; end--) {
    if (!SEPARATORS.includes(id[end] ?? '')) continue;
    const prefix = id.slice(0, end + 1);
    if (Object.hasOwn(scopes, prefix)) return prefix;
  }
  return '';
}

export class RunTree {
  readonly run: Readonly<RunDocument>;
  readonly root: Scope;
  readonly #definition: (hash: string) => RunGraph;
  readonly #scopes = new Map<string, Scope>();
  readonly #surveys = new Map<string, Survey | undefined>();
  readonly #rules = new Map<string, Limits & { begun: Begun }>();

  /** `definition` as in Context. The tree shows the document of this moment: make it anew after a change. */
  constructor(run: Readonly<RunDocument>, definition: (hash: string) => RunGraph) {
    this.run = run;
    this.#definition = definition;
    this.root = { prefix: '', prepared: definition(run.graph).prepared, depth: 0 };
    this.#scopes.set('', this.root);
  }

  /** The scopes that have not ended, outer ones before inner ones; once there are undos, these alone. */
  open(): Scope[] {
    if (this.run.scopes?.[UNDO] !== undefined) return [this.scope(UNDO)];
    const prefixes = Object.keys(this.run.scopes ?? {}).filter((prefix) => this.run.scopes?.[prefix]?.ended !== true);
    return [this.root, ...prefixes.map((prefix) => this.scope(prefix)).sort((a, b) => a.depth - b.depth)];
  }

  /** All scopes, outer ones before inner ones. */
  all(): Scope[] {
    const prefixes = Object.keys(this.run.scopes ?? {});
    return [this.root, ...prefixes.map((prefix) => this.scope(prefix)).sort((a, b) => a.depth - b.depth)];
  }

  /** The tree of another document with the same definitions. */
  withRun(run: Readonly<RunDocument>): RunTree {
    return new RunTree(run, this.#definition);
  }

  /** The number of nodes in all scopes. */
  get size(): number {
    return this.all().reduce((sum, { prepared }) => sum + prepared.ids.length, 0);
  }

  /** Throws if the run has no such scope: a bug. */
  scope(prefix: string): Scope {
    const known = this.#scopes.get(prefix);
    if (known !== undefined) return known;
    const record = this.run.scopes?.[prefix];
    if (record?.kind === 'undo') return this.#undo(record);
    const opener = record === undefined ? undefined : this.place(record.of);
    if (record === undefined || opener === undefined) throw new Error(`run ${this.run.id} has no scope ${prefix}`);
    const prepared = this.#preparedOf(record, opener, prefix);
    const made = { prefix, record, parent: opener.scope, prepared, depth: opener.scope.depth + 1 };
    this.#scopes.set(prefix, made);
    return made;
  }

  /** Where a node is; undefined if no scope has it. */
  place(id: string): Place | undefined {
    const scope = this.scope(holderOf(this.run, id));
    const index = scope.prepared.index.get(id);
    const node = index === undefined ? undefined : scope.prepared.graph.nodes[index];
    return index === undefined || node === undefined ? undefined : { scope, index, node, id };
  }

  /** The scope that a node has opened; undefined if it has none. */
  within(id: string): Scope | undefined {
    const { scopes } = this.run;
    if (scopes === undefined) return undefined;
    const prefix = Object.values(PREFIX_ENDS)
      .map((end) => id + end)
      .find((one) => Object.hasOwn(scopes, one));
    return prefix === undefined ? undefined : this.scope(prefix);
  }

  /** By which rules the nodes of a scope start. */
  rulesOf(scope: Scope): Limits & { begun: Begun } {
    const known = this.#rules.get(scope.prefix);
    if (known !== undefined) return known;
    const found = this.#rulesOf(scope);
    this.#rules.set(scope.prefix, found);
    return found;
  }

  #rulesOf(scope: Scope): Limits & { begun: Begun } {
    if (scope.record?.kind === 'undo') return { onFailure: 'continue', begun: begunOf(this.run) };
    if (scope.parent === undefined) return limitsOf(this.run);
    // Work that was reported is judged, whatever became of the rest.
    if (scope.record?.kind === 'gates') {
      const { since = 0 } = scope.record;
      return { onFailure: 'continue', begun: { run: this.rulesOf(this.root).begun.run, scope: since } };
    }
    const { max_parallel, on_failure } = scope.prepared.graph;
    const limit = typeof max_parallel === 'number' ? { maxParallel: max_parallel } : {};
    const haltedAbove = this.isHalted(scope.parent) || this.#outOfReach(scope);
    const opened = this.run.nodes[scope.record?.of ?? '']?.started_at ?? 0;
    const begun = { run: this.rulesOf(this.root).begun.run, scope: opened };
    return { onFailure: on_failure ?? 'fail_fast', noted: this.run.noted, haltedAbove, begun, ...limit };
  }

  /** How the nodes of a scope stand; undefined for a graph in which every node starts by the success of its needs. */
  surveyOf(scope: Scope): Survey | undefined {
    if (scope.prepared.triggers === undefined) return undefined;
    if (!this.#surveys.has(scope.prefix))
      this.#surveys.set(scope.prefix, survey(scope.prepared, this.run.nodes, this.rulesOf(scope)));
    return this.#surveys.get(scope.prefix);
  }

  isHalted(scope: Scope): boolean {
    return this.surveyOf(scope)?.halted === true;
  }

  /** Whether so many items of a map have failed that what it asks for can no longer be reached. */
  #outOfReach({ record, parent, prepared }: Scope): boolean {
    if (record?.kind !== 'map' || parent === undefined) return false;
    const wanted = wantedOf(parent.prepared.graph.nodes[parent.prepared.index.get(record.of) ?? -1]);
    if (wanted === undefined) return false;
    const { failed = 0, cancelled = 0 } = record.counters;
    return prepared.ids.length - failed - cancelled < wanted;
  }

  /** A node for each undo, under the full id of what it undoes. */
  #undo(record: Readonly<ScopeRecord>): Scope {
    const nodes = (record.keys ?? []).flatMap((id): AnyNode[] => {
      const place = this.place(id);
      if (place?.node.compensate === undefined) return [];
      return [{ ...(place.node.compensate as object), id, needs: record.after?.[id] ?? [] } as AnyNode];
    });
    const prepared = scoped(prepare({ name: 'undo', nodes }, nodeKinds), UNDO);
    const made = { prefix: UNDO, record, prepared, depth: 0 };
    this.#scopes.set(UNDO, made);
    return made;
  }

  #preparedOf(record: Readonly<ScopeRecord>, opener: Place, prefix: string): PreparedGraph<AnyNode> {
    if (record.kind === 'map') {
      const { prepared } = this.#unscoped(opener.scope);
      return mapItems(prepared, opener.index, { prefix, keys: record.keys ?? [], kinds: nodeKinds });
    }
    if (record.kind === 'gates') {
      const { prepared } = this.#unscoped(opener.scope);
      return gateNodes(prepared, opener.index, { prefix, stage: record.stage ?? 'pure', kinds: nodeKinds });
    }
    return scoped(this.#definition(record.graph ?? '').prepared, prefix);
  }

  /** The definition of a scope without the prefix, so that scopes of one definition share what is made of it. */
  #unscoped(scope: Scope): { prepared: PreparedGraph<AnyNode> } {
    if (scope.record?.kind === 'graph') return this.#definition(scope.record.graph ?? '');
    return scope;
  }
}

/** The tree of a run for reading; undefined if its definition is not at hand. */
export function treeOf(run: Readonly<RunDocument>, graph: (hash: string) => RunGraph | undefined): RunTree | undefined {
  if (graph(run.graph) === undefined) return undefined;
  return new RunTree(run, (hash) => {
    const found = graph(hash);
    if (found !== undefined) return found;
    const why = 'a graph that a run names is missing, or its bytes have changed';
    throw new FailureError({ code: 'store-damaged', file: `blobs/${hash}`, offset: 0, why });
  });
}

/** The number of nodes in all scopes of a run; undefined if its definition is not at hand. */
export function sizeOf(run: Readonly<RunDocument>, graph: (hash: string) => RunGraph | undefined): number | undefined {
  return run.scopes === undefined ? graph(run.graph)?.prepared.ids.length : treeOf(run, graph)?.size;
}

/** How many items of a map must finish, where it names a number. */
export function wantedOf(node: AnyNode | undefined): number | undefined {
  const partial = node?.map?.partial;
  if (typeof partial !== 'object' || partial === null || Array.isArray(partial)) return undefined;
  return typeof partial.at_least === 'number' ? partial.at_least : undefined;
}
