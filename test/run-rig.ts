// Documents on the memory backend with a clock and ids that a test controls, and graphs to run on them.

import type { Definitions } from '../src/documents/definitions.ts';
import { Documents } from '../src/documents/documents.ts';
import type { Decide } from '../src/domain/command.ts';
import { saveProject } from '../src/domain/project/save.ts';
import { claimNode } from '../src/domain/run/claim.ts';
import type { RunDocument } from '../src/domain/run/document.ts';
import type { ClaimAnswer, ClaimInput } from '../src/domain/run/fit.ts';
import { readerOfBlobs } from '../src/domain/run/given.ts';
import type { NodeRecord } from '../src/domain/run/record.ts';
import { type ReportAnswer, type ReportInput, reportNode } from '../src/domain/run/report.ts';
import { type StartRunAnswer, type StartRunInput, startRun } from '../src/domain/run/start.ts';
import { RunTree } from '../src/domain/run/tree.ts';
import type { Failure, Result } from '../src/failure/failure.ts';
import { checkGraph } from '../src/graph/check/check.ts';
import type { RunGraph } from '../src/graph/definition.ts';
import { type AnyGraph, type AnyNode, nodeKinds } from '../src/graph/kinds/index.ts';
import type { JsonObject } from '../src/json/json.ts';
import { selectPointers } from '../src/path/query.ts';
import type { Author } from '../src/store/commit.ts';
import { MemoryBlobs, MemoryLog, MemoryPresence, MemoryStore } from '../src/store/memory.ts';
import type { Presence } from '../src/store/port.ts';
import { briefOf } from '../src/views/run/brief.ts';

export const BY: Author = { user: 'test', session: 'ses-one', tool: 'test' };

export interface Clock {
  now: number;
}

/** One process on a log: several of them on one log behave like several processes on one file. */
export function memoryDocuments(
  options: {
    log?: MemoryLog;
    clock?: Clock;
    presence?: Presence;
    blobs?: MemoryBlobs;
    prefix?: string;
    random?: () => number;
  } = {},
): Documents {
  const { log = new MemoryLog(), clock, presence = new MemoryPresence(), blobs = new MemoryBlobs() } = options;
  let count = 0;
  return new Documents({
    openStore: (onCommits) => new MemoryStore(log, onCommits),
    blobs,
    presence,
    now: () => clock?.now ?? Date.now(),
    id: (prefix) => `${prefix}-${options.prefix ?? 'id'}${(++count).toString(36).padStart(6, '0')}`,
    random: options.random ?? (() => 0),
    select: selectPointers,
  });
}

/** An agent node that needs others. */
export function work(id: string, needs: string[] = [], more: object = {}): AnyNode {
  return { id, kind: 'agent', task: `do ${id}`, needs, ...more };
}

/** A run and what tests do with it, on documents of its own unless some are given. */
export class RunRig {
  readonly clock: Clock = { now: 1_000_000_000_000 };
  readonly documents: Documents;
  readonly graphs: Definitions;
  readonly graph: RunGraph;
  run = '';

  constructor(nodes: AnyNode[], more: Partial<AnyGraph> = {}, documents?: Documents) {
    this.documents = documents ?? memoryDocuments({ clock: this.clock });
    this.graphs = this.documents.definitions;
    const graph: AnyGraph = { name: 'test', nodes, ...more };
    const report = checkGraph(graph, nodeKinds);
    if (!report.ok) throw new Error(JSON.stringify(report.errors));
    this.graph = this.graphs.put(graph);
  }

  async start(more: Partial<StartRunInput> = {}): Promise<StartRunAnswer> {
    const base = { project: 'prj', workspace: 'wsp', session: 'ses-one', inputs: {} };
    const started = await this.do((tx, ctx) => startRun(tx, ctx, { graph: this.graph.hash, ...base, ...more }));
    const value = okOf(started);
    this.run = value.run;
    return value;
  }

  /** Merges into the configuration of the runs' project. */
  async configure(config: JsonObject): Promise<void> {
    const saved = await this.do((tx, ctx) => {
      const made = { schema: 1, id: 'prj', name: 'demo', created_at: '' };
      if (tx.version('project/prj') === 0) tx.create('project/prj', { type: 'project.created' }, made);
      return saveProject(tx, ctx, { project: 'prj', config });
    });
    okOf(saved);
  }

  async do<A>(decide: Decide<A>, documents = this.documents): Promise<Result<A>> {
    const changed = await documents.change(decide, { by: BY });
    return changed.ok ? { ok: true, value: changed.value.value } : changed;
  }

  claim(more: Partial<ClaimInput> = {}, documents = this.documents): Promise<Result<ClaimAnswer>> {
    const base = { run: this.run, agent: 'ses-one.main', agentName: 'main', session: 'ses-one' };
    return this.do((tx, ctx) => claimNode(tx, ctx, { ...base, performer: 'agent', ...more }), documents);
  }

  /** The claim's name; throws if there was none. */
  async claimed(more: Partial<ClaimInput> = {}): Promise<string> {
    const answer = okOf(await this.claim(more));
    if (answer.kind !== 'claimed') throw new Error(`nothing to claim: ${answer.why}`);
    return answer.claim;
  }

  report(claim: string, status: ReportInput['status'], more: Partial<ReportInput> = {}): Promise<Result<ReportAnswer>> {
    return this.do((tx, ctx) => reportNode(tx, ctx, { claim, status, ...more }));
  }

  document(): RunDocument {
    const found = this.documents.peek((view) => structuredClone(view.get<RunDocument>(`run/${this.run}`)));
    if (found === undefined) throw new Error(`no run ${this.run}`);
    return found;
  }

  tree(run: Readonly<RunDocument> = this.document()): RunTree {
    return new RunTree(run, (hash) => this.graphs.named(hash));
  }

  /** The brief of a node as its holder gets it. */
  brief(id: string): JsonObject {
    const tree = this.tree();
    const place = tree.place(id);
    if (place === undefined) throw new Error(`no node ${id}`);
    return briefOf(tree, place, readerOfBlobs(this.documents.blobs, selectPointers), 1_000);
  }

  node(id: string): NodeRecord | undefined {
    return this.document().nodes[id];
  }

  /** `a finished 1/1, b claimed 2/3`: status, attempt and fence of what left waiting. */
  picture(): string {
    const nodes = Object.entries(this.document().nodes).sort(([a], [b]) => (a < b ? -1 : 1));
    return nodes.map(([id, node]) => `${id} ${node.status} ${node.attempt}/${node.fence}`).join(', ');
  }
}

export function okOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error(`not refused: ${JSON.stringify(result.value)}`);
  return result.failure;
}
