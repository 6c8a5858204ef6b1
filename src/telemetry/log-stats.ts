// Figures of the whole log: commits, events by type and tool, void and torn lines. Each request reads on from where the
// last one ended, so only the first reads all of the log. Made by app/services.ts, asked by app/view-source.ts.

import type { Failure } from '../failure/failure.ts';
import type { Author, StreamEvent } from '../store/commit.ts';
import { realDisk } from '../store/file/disk.ts';
import { LogReader } from '../store/file/past/log-reader.ts';
import type { CommitSummary, LogFacts } from '../views/source.ts';
import { ReviewStats } from './review-stats.ts';

/** Reading yields to the event loop this often, so that a long log does not block other calls. */
const SLICE_MS = 5;
/** Bounds the counters by name: other programs that write to the log may use any number of types and tools. */
const MAX_NAMES = 500;
/** The latest commits and escalations kept, of all projects together. A view shows those of its own project. */
const LATEST = 200;
const ESCALATIONS = 200;
/** Streams that any commit may touch beside its subject; a summary names another stream if it can. */
const BOOKKEEPING = /^(request|counter|alias)\//;

export class LogStats {
  private readonly reader: LogReader;
  private readonly byType = new Map<string, number>();
  private readonly byTool = new Map<string, number>();
  private readonly reviewStats = new ReviewStats();
  private events = 0;
  private escalations: string[] = [];
  private latest: CommitSummary[] = [];
  private reading: Promise<void> | undefined;

  private readonly onFault: (fault: Failure) => void;

  /** `logDir`: the `log/` directory of a file store. `onFault` is called with damage that reading finds. */
  constructor(logDir: string, onFault: (fault: Failure) => void) {
    this.onFault = onFault;
    this.reader = new LogReader(realDisk, logDir);
  }

  /**
   * The figures up to the end of the log, or up to its first damage. `seq` is the newest that the caller knows: nothing
   * is read if it is counted already, so void lines after it are counted only with the next commit.
   */
  async facts(seq: number): Promise<LogFacts> {
    // A read that is under way may have passed the end of the log before `seq` came: only one begun after it counts it.
    await this.reading;
    if (seq > this.reader.fold.seq) {
      this.reading ??= this.readOn().finally(() => {
        this.reading = undefined;
      });
      await this.reading;
    }
    const fault = this.reader.fault();
    if (fault !== undefined && this.reader.refused === undefined) this.onFault(fault);
    const { commits, voids, torn, segments, sizeBytes } = this.reader;
    return {
      commits,
      events: this.events,
      void_lines: Object.values(voids).reduce((sum, count) => sum + count, 0),
      torn_lines: torn.length,
      segments: segments.length,
      size_bytes: sizeBytes,
      byType: this.byType,
      byTool: this.byTool,
      latest: this.latest.slice(-LATEST).reverse(),
      quality: this.reviewStats.facts(),
      escalations: this.escalations.slice(-ESCALATIONS).reverse(),
    };
  }

  private note(seq: number, at: string, by: Author, events: readonly StreamEvent[]): void {
    const told = toldOf(events);
    if (told === undefined) return;
    const { session, agent, user } = by;
    const who = [session ?? user, agent].filter((one) => one !== undefined).join('/');
    this.latest.push({
      seq,
      at,
      type: told.type,
      stream: told.type === 'message.sent' ? channelOf(told.stream) : told.stream,
      by: who,
      session,
    });
    if (this.latest.length > 2 * LATEST) this.latest = this.latest.slice(-LATEST);
  }

  private noteEscalations(events: readonly StreamEvent[]): void {
    for (const { type, data } of events) {
      if (type !== 'message.sent' || data?.kind !== 'escalation' || typeof data.message !== 'string') continue;
      this.escalations.push(data.message);
      if (this.escalations.length > 2 * ESCALATIONS) this.escalations = this.escalations.slice(-ESCALATIONS);
    }
  }

  private async readOn(): Promise<void> {
    if (this.reader.fold.seq === 0) await this.reader.prepare(1);
    let sliceEndsAt = performance.now() + SLICE_MS;
    for (const taken of this.reader.read()) {
      if (taken.kind === 'commit') {
        const { by, events, at } = taken.folded.commit;
        this.note(taken.seq, at, by, events);
        add(this.byTool, by.tool, 1);
        this.events += events.length;
        for (const { type } of events) add(this.byType, type, 1);
        this.reviewStats.note(by, events);
        this.noteEscalations(events);
      }
      if (taken.kind === 'seal') await this.reader.prepare(taken.seq + 1);
      if (performance.now() < sliceEndsAt) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sliceEndsAt = performance.now() + SLICE_MS;
    }
  }
}

/** The event by which a commit is told: its message, else the first that says something to people. */
function toldOf(events: readonly StreamEvent[]): StreamEvent | undefined {
  const sent = events.find(({ type }) => type === 'message.sent');
  const first = events.find(({ stream }) => !BOOKKEEPING.test(stream)) ?? events[0];
  // A node of a sprint's run moves its task: the task has a title, the node only its id.
  const task = first?.stream.startsWith('run/') ? events.find(({ stream }) => stream.startsWith('task/')) : undefined;
  return sent ?? task ?? first;
}

/** Messages stand in segments, `channel/<id>/<n>`: who looks for them looks for their channel. */
function channelOf(segment: string): string {
  return segment.split('/').slice(0, 2).join('/');
}

function add(counts: Map<string, number>, name: string, count: number): void {
  const known = counts.has(name) || counts.size < MAX_NAMES ? name : 'others';
  counts.set(known, (counts.get(known) ?? 0) + count);
}
