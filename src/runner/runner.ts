// Performs the nodes of this workspace's runs whose performer is a server and that this server's start options admit.
// Every server of the workspace has a runner; they compete by claims. It also ends claims and processes of dead
// servers. Started by app/own-runner.ts.

import type { Logger } from '../base/log.ts';
import { placeTag, whereIs } from '../base/process-place.ts';
import type { Documents, Grouping } from '../documents/documents.ts';
import { admissionKey } from '../domain/run/admission.ts';
import { claimNode } from '../domain/run/claim.ts';
import { hasEnded, type RunDocument, runStream } from '../domain/run/document.ts';
import { expireRun } from '../domain/run/due.ts';
import type { ClaimAnswer } from '../domain/run/fit.ts';
import { type Reader, readerOfBlobs } from '../domain/run/given.ts';
import type { ProcessId } from '../domain/run/record.ts';
import { type ReportInput, reportNode } from '../domain/run/report.ts';
import { abandonClaim, reapExpired } from '../domain/run/sweep.ts';
import { treeOf } from '../domain/run/tree.ts';
import type { AnyNode } from '../graph/kinds/index.ts';
import type { Author } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import { autoParallel } from './auto-parallel.ts';
import { addDueWork, type DueWork, noDueWork, type Orphan, type Work } from './due-work.ts';
import type { Executor } from './executors/define.ts';
import { admittingOptions, executors, mayPerform } from './executors/index.ts';
import type { ExecutorSettings } from './executors/settings.ts';
import { Job, type JobClaim } from './job.ts';
import { isGone, thisProcess } from './process/identity.ts';
import { killGroup } from './process/process-group.ts';
import { type Resolved, withValues } from './resolve.ts';

/**
 * How long a server waits before it tries for a node that another server made ready: the maker goes first, which saves
 * races.
 */
const JITTER_MS = { least: 15, most: 60 };
/** How often to check whether other servers on this machine that hold claims still live. */
const OTHERS_MS = 400;
/** The longest pause between two looks, if no commit is noticed. */
const IDLE_MS = 5_000;
const CLOSE_MS = 900;

/** The runs that have not ended, by workspace. */
const openRuns: Grouping<RunDocument> = {
  kind: 'run',
  groupsOf: ({ status, workspace }) => (hasEnded(status) ? [] : [workspace]),
};

export interface RunnerParts {
  documents: Documents;
  log: Logger;
  user: string;
  workspace: string;
  /** An absolute path. */
  workspaceRoot: string;
  settings: ExecutorSettings;
  /** Runs queries on values that nodes refer to. */
  select: Reader['select'];
  /** Only this run is performed; absent: every run of the workspace. */
  only?: string;
  /** The session of this process's client, whose commits count as own ones. */
  ownSession?(): string | undefined;
  /** The trace context for commits on a run; absent if no traces are written. */
  traceOf?(run: string): Promise<string | undefined>;
}

export class Runner {
  private readonly parts: RunnerParts;
  private readonly self: ProcessId = thisProcess();
  /** The presence key of this process's claims, and the agent of its commits. */
  readonly key: string;
  private readonly by: Author;
  /** Presence keys by which all processes know what this one admits; its own key tells that it lives. */
  private readonly admissions: readonly string[];
  /** Runs that may have due work; all others have ended or belong to another workspace. */
  private readonly open = new Set<string>();
  private readonly jobs = new Map<string, Job>();
  /** Nodes whose claim is under way, as `run/node`. */
  private readonly asking = new Set<string>();
  /** Claims of dead servers that are being ended. */
  private readonly ending = new Set<string>();
  private readonly stopper = new AbortController();
  private unsubscribe: () => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Number.POSITIVE_INFINITY;

  constructor(parts: RunnerParts) {
    this.parts = parts;
    const { pid, start } = this.self;
    // With the place: servers of two namespaces may have one number and one start, and would keep up each other's
    // claims.
    this.key = `server-${pid}-${start.replace(/[^0-9]/g, '')}-${placeTag(this.self)}`;
    this.by = { user: parts.user, agent: this.key, tool: 'runner' };
    this.admissions = admittingOptions(parts.settings).map((option) => admissionKey(parts.workspace, option));
  }

  start(): void {
    const { documents } = this.parts;
    for (const key of [...this.admissions, this.key]) documents.presence.attach(key);
    this.unsubscribe = documents.onChange((commits) => this.note(commits));
    if (this.parts.only === undefined) void this.findOpen();
    else this.open.add(this.parts.only);
    void this.watch();
    this.lookIn(0);
  }

  /** Follows the runs of this workspace that had begun before; those that have ended may be most of a store. */
  private async findOpen(): Promise<void> {
    const { documents, workspace, log } = this.parts;
    try {
      for (const stream of await documents.read((view) => view.grouped(openRuns, workspace))) this.follow(stream);
      this.lookIn(0);
    } catch (error) {
      if (this.stopper.signal.aborted) return;
      log.warn({ err: error }, 'the runner cannot read the store');
      setTimeout(() => void this.findOpen(), IDLE_MS).unref();
    }
  }

  private follow(stream: string): void {
    const run = stream.slice('run/'.length);
    if (this.parts.only === undefined || this.parts.only === run) this.open.add(run);
  }

  /** Ends and gives back all nodes in work here. Resolves within a second; never rejects. */
  async close(): Promise<void> {
    if (this.stopper.signal.aborted) return;
    this.stopper.abort();
    for (const key of [...this.admissions, this.key]) this.parts.documents.presence.detach(key);
    this.unsubscribe();
    clearTimeout(this.timer);
    const ended = Promise.allSettled([...this.jobs.values()].map((job) => job.close()));
    const late = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([ended, late]);
  }

  /**
   * Notes commits on runs: looks at once after own ones, later after others'. The store calls this in the middle of its
   * work, so the look itself comes later.
   */
  private note(commits: readonly FoldedCommit[]): void {
    const authors: Author[] = [];
    for (const { commit } of commits) {
      const runs = commit.events.filter(({ stream }) => stream.startsWith('run/'));
      for (const { stream } of runs) this.follow(stream);
      if (runs.length > 0) authors.push(commit.by);
    }
    if (authors.length > 0) {
      setImmediate(() => {
        try {
          this.heed(authors);
        } catch {
          // The store cannot be read: the look reports it.
          this.lookIn(0);
        }
      });
    }
  }

  private heed(authors: readonly Author[]): void {
    if (this.stopper.signal.aborted) return;
    const session = this.parts.ownSession?.();
    const own = authors.some((by) => by.agent === this.key || (session !== undefined && by.session === session));
    this.lookIn(own ? 0 : JITTER_MS.least + Math.random() * (JITTER_MS.most - JITTER_MS.least));
  }

  /** Watches the log, so that commits of other processes are folded and noted. */
  private async watch(): Promise<void> {
    const { documents, log } = this.parts;
    try {
      for await (const _ of documents.store.watch(documents.store.seq(), this.stopper.signal)) void _;
    } catch (error) {
      // The regular look and the calls of tools still refresh the documents.
      log.warn({ err: error }, 'the runner cannot watch the store');
    }
  }

  private lookIn(ms: number): void {
    if (this.stopper.signal.aborted) return;
    const at = performance.now() + ms;
    if (at >= this.dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = at;
    this.timer = setTimeout(() => this.look(), ms).unref();
  }

  private look(): void {
    this.dueAt = Number.POSITIVE_INFINITY;
    try {
      const renewalMs = this.renewDue();
      const due = this.dueWork();
      this.act(due);
      const others = due.watchOthers ? OTHERS_MS : IDLE_MS;
      this.lookIn(Math.max(10, Math.min(others, due.until - Date.now(), renewalMs)));
    } catch (error) {
      this.parts.log.warn({ err: error }, 'the runner cannot read the store');
      this.lookIn(IDLE_MS);
    }
  }

  private dueWork(): DueWork {
    const { self } = this;
    const { documents, workspace, settings } = this.parts;
    const found = noDueWork();
    const parts = {
      now: Date.now(),
      lastSeen: (who: string) => documents.presence.lastSeen(who),
      mayPerform: (node: AnyNode) => mayPerform(node, settings),
      self,
      isMine: (claim: string, run: string, node: string) => this.jobs.has(claim) || this.asking.has(`${run}/${node}`),
      isGone: (server: ProcessId) => isGone(server, self),
      autoParallel: autoParallel(),
    };
    documents.peek((view) => {
      for (const job of this.jobs.values()) {
        const node = view.get<RunDocument>(runStream(job.held.run))?.nodes[job.held.id];
        if (node?.status !== 'claimed' || node.claim !== job.held.claim) job.lose();
      }
      for (const id of this.open) {
        const run = view.get<RunDocument>(runStream(id));
        const isOurs = run?.workspace === workspace && !hasEnded(run.status);
        const tree = isOurs ? treeOf(run, (hash) => documents.definitions.get(hash)) : undefined;
        if (tree === undefined) this.open.delete(id);
        else addDueWork(tree, parts, found);
      }
    });
    return found;
  }

  /**
   * Renews the claims at work that are due; to be called before anything is judged, because after a sleep or a step of
   * the clock this process would take them for lost. Returns in how many ms the next one is due.
   */
  private renewDue(): number {
    const jobs = [...this.jobs.values()];
    for (const job of jobs) if (job.renewInMs <= 0) this.run(job.renew(this.key));
    return Math.min(...jobs.map((job) => job.renewInMs));
  }

  private act({ orphans, reap, expire, work }: DueWork): void {
    const { documents } = this.parts;
    for (const orphan of orphans) if (!this.ending.has(orphan.claim)) this.run(this.end(orphan));
    for (const run of reap) {
      this.run(documents.change((tx, ctx) => reapExpired(tx, ctx, { run }), { by: this.by }));
    }
    for (const run of expire) {
      this.run(documents.change((tx, ctx) => expireRun(tx, ctx, { run }), { by: this.by }));
    }
    for (const next of work) {
      if (!this.asking.has(`${next.run}/${next.id}`)) this.run(this.take(next));
    }
  }

  /** Ends the process that a dead server left running, then its claim. */
  private async end({ claim, server, process }: Orphan): Promise<void> {
    this.ending.add(claim);
    try {
      if (process !== undefined && whereIs(server, this.self) === 'here') await killGroup(process.pid, process.start);
      const why = 'the server that ran it is gone, and it may have taken effect';
      await this.parts.documents.change((tx, ctx) => abandonClaim(tx, ctx, { claim, why }), { by: this.by });
    } finally {
      this.ending.delete(claim);
    }
  }

  private async take({ run, id, node, leaseMs, runMs, before }: Work): Promise<void> {
    const { self } = this;
    const { documents, settings, log } = this.parts;
    const executor = executors.get(node.kind);
    if (executor === undefined) return;
    const name = `${run}/${id}`;
    this.asking.add(name);
    try {
      documents.presence.touch(this.key);
      if (before !== undefined) await killGroup(before.process.pid, before.process.start);
      const input = {
        run,
        agent: this.key,
        agentName: `server-${self.pid}`,
        node: id,
        performer: 'server' as const,
        admits: (candidate: AnyNode) => mayPerform(candidate, settings),
        server: self,
      };
      const trace = await this.parts.traceOf?.(run);
      const claimed = await documents.change<ClaimAnswer>((tx, ctx) => claimNode(tx, ctx, input), {
        by: this.by,
        trace,
      });
      // Another server was first, or the run was paused.
      if (!claimed.ok || claimed.value.value.kind !== 'claimed') return;
      const { claim } = claimed.value.value;
      const resolved = this.resolved(run, id);
      const refused = resolved.ok ? executor.refusal(resolved.node, settings) : resolved.why;
      if (this.stopper.signal.aborted) await this.report({ claim, status: 'released' });
      else if (!resolved.ok || refused !== undefined)
        await this.report({ claim, status: 'failed', errorKind: 'terminal', summary: refused });
      else
        this.begin(
          { claim, run, id, node: resolved.node, leaseMs, ...(runMs === undefined ? {} : { runMs }) },
          executor,
          trace,
        );
    } catch (error) {
      log.error({ err: error, node: id }, 'a node could not be claimed');
    } finally {
      this.asking.delete(name);
    }
  }

  private begin(held: JobClaim, executor: Executor, trace: string | undefined): void {
    const { documents, log, workspaceRoot, settings } = this.parts;
    const job = new Job(held, { documents, log, executor, workspaceRoot, settings, by: this.by, trace });
    this.jobs.set(held.claim, job);
    void job.done.then(() => {
      this.jobs.delete(held.claim);
      this.lookIn(0);
    });
  }

  /** The node with the values that it refers to. */
  private resolved(run: string, id: string): Resolved {
    const { documents, select } = this.parts;
    return documents.peek((view) => {
      const document = view.get<RunDocument>(runStream(run));
      const tree = document === undefined ? undefined : treeOf(document, (hash) => documents.definitions.get(hash));
      const place = tree?.place(id);
      if (tree === undefined || place === undefined) return { ok: false, why: 'its definition is gone' };
      return withValues(tree, place, readerOfBlobs(documents.blobs, select));
    });
  }

  /** Ends a claim of which nothing was started: while closing, or where a value is missing. */
  private async report(report: ReportInput): Promise<void> {
    await this.parts.documents.change((tx, ctx) => reportNode(tx, ctx, report), { by: this.by });
  }

  private run(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.parts.log.error({ err: error }, 'runner'));
  }
}
