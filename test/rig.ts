// Documents over memory for given/when/then tests: a clock the test moves, ids it can foresee, and several «processes»
// on one log.

import { type Changed, Documents } from '../src/documents/documents.ts';
import type { Request } from '../src/documents/requests.ts';
import type { Decide } from '../src/domain/command.ts';
import { type StartInput, startSession } from '../src/domain/session/commands.ts';
import type { Workspace } from '../src/domain/session/document.ts';
import type { Failure } from '../src/failure/failure.ts';
import { selectPointers } from '../src/path/query.ts';
import type { Author } from '../src/store/commit.ts';
import { MemoryBlobs, MemoryLog, MemoryPresence, MemoryStore } from '../src/store/memory.ts';

export const workspace: Workspace = { project: 'prj-1', projectName: 'demo', workspace: 'wsp-1', directory: '~/demo' };

export class Rig {
  readonly log = new MemoryLog();
  readonly blobs = new MemoryBlobs();
  readonly presence = new MemoryPresence();
  readonly documents: Documents;
  now = Date.parse('2026-01-01T00:00:00Z');
  private ids = 0;

  constructor() {
    this.documents = this.process();
  }

  /** Another process on the same log. */
  process(): Documents {
    return new Documents({
      openStore: (onCommits) => new MemoryStore(this.log, onCommits),
      blobs: this.blobs,
      presence: this.presence,
      now: () => this.now,
      id: (prefix) => {
        this.ids += 1;
        return `${prefix}-${String(this.ids).padStart(8, '0')}`;
      },
      select: selectPointers,
    });
  }

  /** Runs a command and returns its answer; throws the failure, as an object, if it is refused. */
  async do<A>(
    decide: Decide<A>,
    options: { by?: Author; request?: Request; at?: Documents } = {},
  ): Promise<Changed<A>> {
    const by = options.by ?? { user: 'tester', tool: 'test' };
    const result = await (options.at ?? this.documents).change(decide, { by, request: options.request });
    if (!result.ok) throw new Refused(result.failure);
    return result.value;
  }

  /** The failure a command is refused with; throws if it is not refused. */
  async refused<A>(decide: Decide<A>): Promise<Failure> {
    const before = this.documents.store.seq();
    const result = await this.documents.change(decide, { by: { user: 'tester', tool: 'test' } });
    if (result.ok) throw new Error(`was not refused: ${JSON.stringify(result.value)}`);
    if (this.documents.store.seq() !== before) throw new Error('a refused command changed the log');
    return result.failure;
  }

  doc<T extends object>(stream: string): Promise<T | undefined> {
    return this.documents.read((view) => structuredClone(view.get<T>(stream)) as T | undefined);
  }

  async session(input: Partial<StartInput> = {}): Promise<string> {
    const started = await this.do((tx, ctx) => startSession(tx, ctx, { mode: 'development', workspace, ...input }));
    return started.value.session;
  }
}

export class Refused extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(JSON.stringify(failure));
    this.failure = failure;
  }
}
