// A span for every attempt of a node, from its claim to its end by a report, a takeover or an operator. An attempt may
// begin and end in different processes: all of them see both commits, and the one whose commit ends the attempt writes
// the span. Its parent is the trace context in the claim's commit, so the call that claimed. Made by app/services.ts,
// through tracing.ts, if a trace file is wanted.

import { setImmediate as later } from 'node:timers/promises';
import type { Documents, View } from '../../documents/documents.ts';
import { eventsOf } from '../../documents/past.ts';
import { type RunDocument, runStream } from '../../domain/run/document.ts';
import { liveNodes } from '../../domain/run/live.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import { treeOf } from '../../domain/run/tree.ts';
import { isObject } from '../../json/json.ts';
import type { Commit, StreamEvent } from '../../store/commit.ts';
import type { FoldedCommit } from '../../store/fold.ts';
import { openRuns } from '../../views/run/runs.ts';
import { childOf, parseTraceparent } from './context.ts';
import { INTERNAL, type Span } from './otlp.ts';

export interface AttemptParts {
  documents: Pick<Documents, 'definitions' | 'onChange' | 'peek' | 'read' | 'store'>;
  /** Definitions, which hold the kind of each node. */
  /** True for the context of a call of this process. */
  isOwnCall(traceparent: string | undefined): boolean;
  add(span: Span): void;
  /** Called when a parent or a kind cannot be looked up; the span is written without it. */
  onTrouble(error: unknown): void;
}

interface Attempt {
  run: string;
  node: string;
  record: Readonly<NodeRecord>;
  /** Undefined if the claim is older than this object: its parent is then read from the log. */
  trace: { parent: string | undefined } | undefined;
}

/** Bounds on open attempts and on runs whose start is remembered; the oldest is dropped first. */
const MAX_OPEN = 10_000;
const MAX_RUNS = 1_000;
/** Events in the life of a claim that neither begin nor end it. */
const ON_THE_WAY = ['node.renewed', 'node.progressed', 'node.spawned', 'node.late'];
/** Ends after which somebody has to do the work again, or to look at it. */
const BAD_ENDS = ['failed', 'retrying', 'abandoned', 'undecided', 'lost'];

export class AttemptSpans {
  private readonly parts: AttemptParts;
  private readonly open = new Map<string, Attempt>();
  private readonly runs = new Map<string, string | undefined>();
  private readonly ownAgents = new Set<string>();
  private readonly lookups = new Set<Promise<void>>();
  private readonly unsubscribe: () => void;
  /** Shows the documents as they are when it is asked. */
  private readonly view: View;

  constructor(parts: AttemptParts) {
    this.parts = parts;
    const { documents } = parts;
    this.unsubscribe = documents.onChange((commits) => this.note(commits));
    this.view = documents.peek((view) => view);
    documents.read((view) => this.takeUp(view)).catch(parts.onTrouble);
  }

  /**
   * Takes up the attempts that had begun before. In a store of many runs others go on meanwhile: what was claimed then
   * is known already, and an older attempt that ended then has no span.
   */
  private takeUp(view: View): void {
    for (const run of openRuns(view))
      for (const [node, record] of liveNodes(run))
        if (!this.open.has(`${run.id}/${node}`)) this.begin(run.id, node, { ...record }, undefined);
  }

  /** Declares commits by this agent as this process's own, although no tool call made them: the runner's. */
  ownAgent(key: string): void {
    this.ownAgents.add(key);
  }

  /** The context in which a run was started: the parent of attempts that a runner claims, without a call. */
  async contextOf(run: string): Promise<string | undefined> {
    if (!this.runs.has(run)) {
      const first = await this.traceOf(run, ({ type }) => type === 'run.started');
      this.remember(run, first);
    }
    return this.runs.get(run);
  }

  /** Stops listening; resolves when the span of every ended attempt was passed to `add`. */
  async close(): Promise<void> {
    this.unsubscribe();
    await Promise.all(this.lookups);
  }

  private note(commits: readonly FoldedCommit[]): void {
    for (const { commit } of commits) {
      for (const event of commit.events) {
        if (!event.stream.startsWith('run/')) continue;
        if (event.type === 'run.started') this.remember(event.stream.slice('run/'.length), commit.trace);
        else this.noteEvent(commit, event);
      }
    }
  }

  private noteEvent(commit: Commit, { stream, type, data }: StreamEvent): void {
    const node = data?.node;
    if (typeof node !== 'string' || ON_THE_WAY.includes(type)) return;
    const run = stream.slice('run/'.length);
    const before = this.open.get(`${run}/${node}`);
    const record = this.recordAt(commit, { stream, node, data });
    if (before !== undefined && type === 'node.moved') before.record = record;
    else {
      if (before !== undefined) this.end(before, record, type, commit);
      if (type === 'node.claimed' || type === 'node.moved') this.begin(run, node, record, { parent: commit.trace });
    }
  }

  /**
   * The node's record as an event left it: a copy, since documents change in place. Where a later commit has changed
   * the node already, the facts of the event, with what a claim passes on to the next.
   */
  private recordAt(commit: Commit, at: { stream: string; node: string; data: StreamEvent['data'] }): NodeRecord {
    const now = this.nodeNow(at);
    const [attempt, fence] = [Number(at.data?.attempt), Number(at.data?.fence)];
    if (now !== undefined && now.attempt === attempt && now.fence === fence) return { ...now };
    const facts: NodeRecord = { status: 'claimed', attempt, fence, started_at: Date.parse(commit.at) };
    return now?.error === undefined ? facts : { ...facts, error: now.error };
  }

  private nodeNow({ stream, node }: { stream: string; node: string }): Readonly<NodeRecord> | undefined {
    try {
      return this.view.get<RunDocument>(stream)?.nodes[node];
    } catch (error) {
      // A damaged document: calls that need it say so. A listener must not throw.
      this.parts.onTrouble(error);
      return undefined;
    }
  }

  private begin(run: string, node: string, record: NodeRecord, trace: Attempt['trace']): void {
    this.open.set(`${run}/${node}`, { run, node, record, trace });
    const [oldest] = this.open.keys();
    if (this.open.size > MAX_OPEN && oldest !== undefined) this.open.delete(oldest);
  }

  private end(attempt: Attempt, after: Readonly<NodeRecord>, type: string, commit: Commit): void {
    this.open.delete(`${attempt.run}/${attempt.node}`);
    if (!this.parts.isOwnCall(commit.trace) && !this.ownAgents.has(commit.by.agent ?? '')) return;
    const { fence } = attempt.record;
    const isClaim = ({ type: event, data }: Pick<StreamEvent, 'type' | 'data'>): boolean =>
      event === 'node.claimed' && data?.node === attempt.node && Number(data.fence) <= fence;
    // Deferred, because documents must not be read from within a change notification.
    const parent = attempt.trace === undefined ? this.traceOf(attempt.run, isClaim) : later(attempt.trace.parent);
    const lookup: Promise<void> = parent
      .then((trace) => {
        const ended = { after, type, endMs: Date.parse(commit.at), kind: this.kindOf(attempt) };
        this.parts.add(spanOf(attempt, ended, trace));
      })
      .finally(() => this.lookups.delete(lookup));
    this.lookups.add(lookup);
  }

  /** The trace context of a run's last event that fits. Reads the log, so only for commits not seen as they came. */
  private async traceOf(
    run: string,
    fits: (event: Pick<StreamEvent, 'type' | 'data'>) => boolean,
  ): Promise<string | undefined> {
    const { store } = this.parts.documents;
    try {
      const event = (await eventsOf(store, runStream(run))).findLast(fits);
      if (event === undefined) return undefined;
      const [found] = await store.readAll(event.seq - 1, 1);
      return found?.commit.trace;
    } catch (error) {
      this.parts.onTrouble(error);
      return undefined;
    }
  }

  private kindOf({ run, node }: Attempt): string {
    const { documents } = this.parts;
    try {
      return documents.peek((view) => {
        const document = view.get<RunDocument>(runStream(run));
        const tree = document && treeOf(document, (hash) => documents.definitions.get(hash));
        return tree?.place(node)?.node.kind ?? 'unknown';
      });
    } catch (error) {
      this.parts.onTrouble(error);
      return 'unknown';
    }
  }

  private remember(run: string, trace: string | undefined): void {
    this.runs.set(run, trace);
    const [oldest] = this.runs.keys();
    if (this.runs.size > MAX_RUNS && oldest !== undefined) this.runs.delete(oldest);
  }
}

function spanOf(
  { run, node, record }: Attempt,
  { after, type, endMs, kind }: { after: Readonly<NodeRecord>; type: string; endMs: number; kind: string },
  trace: string | undefined,
): Span {
  const parent = parseTraceparent(trace);
  const outcome = type === 'node.claimed' ? 'lost' : type.slice('node.'.length);
  const error = BAD_ENDS.includes(outcome) ? troubleOf(outcome, after) : undefined;
  const evidence = isObject(after.evidence) ? after.evidence : {};
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    context: childOf(parent),
    parentSpanId: parent?.spanId,
    name: `attempt ${kind}`,
    kind: INTERNAL,
    startMs: record.started_at ?? endMs,
    endMs,
    attributes: {
      'baton.run': run,
      'baton.node': node,
      'baton.node.kind': kind,
      'baton.attempt': record.attempt,
      'baton.attempt.outcome': outcome,
      'baton.fence': record.fence,
      'baton.session': record.session,
      'gen_ai.agent.name': record.agent_name,
      'baton.evidence.grade': text(evidence.grade),
      'process.exit.code': typeof evidence.exit_code === 'number' ? evidence.exit_code : undefined,
      'error.type': error?.kind,
    },
    error: error?.message,
  };
}

function troubleOf(outcome: string, after: Readonly<NodeRecord>): { kind: string; message: string } {
  // The record is already that of the new claim, and says nothing of the lost one.
  if (outcome === 'lost') return { kind: 'lost', message: 'its lease ended without a report' };
  return after.error ?? { kind: outcome, message: outcome };
}
