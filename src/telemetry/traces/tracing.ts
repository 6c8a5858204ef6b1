// Puts the tracing of one server together: the trace file, spans of calls, spans of attempts. Loaded by
// cli/verbs/serve.ts only if a trace file is wanted. Nothing is sent over a network.

import { randomUUID } from 'node:crypto';
import type { Documents } from '../../documents/documents.ts';
import { AttemptSpans } from './attempts.ts';
import { TraceFile } from './trace-file.ts';
import { type CallFacts, type CallTrace, Tracer } from './tracer.ts';

export interface TracingParts {
  path: string;
  version: string;
  /** Told of errors, which never fail the traced call. File errors come at most once in ten seconds. */
  onTrouble(error: unknown): void;
}

export class Tracing {
  private readonly parts: TracingParts;
  private readonly file: TraceFile;
  private readonly tracer: Tracer;

  constructor(parts: TracingParts) {
    this.parts = parts;
    const { path, version, onTrouble } = parts;
    const resource = {
      'service.name': 'baton',
      'service.version': version,
      'service.instance.id': randomUUID(),
      'process.pid': process.pid,
    };
    this.file = new TraceFile({ path, resource, scope: { name: 'baton-mcp', version }, onTrouble });
    this.tracer = new Tracer((span) => this.file.add(span));
  }

  begin(facts: CallFacts): CallTrace {
    return this.tracer.begin(facts);
  }

  /** From now on spans name the session, and attempts that this process ends have spans too. */
  watch(documents: Documents, session: () => string | undefined): AttemptSpans {
    this.tracer.knowSession(session);
    return new AttemptSpans({
      documents,
      isOwnCall: (traceparent) => this.tracer.isOwn(traceparent),
      add: (span) => this.file.add(span),
      onTrouble: this.parts.onTrouble,
    });
  }

  counts(): { written: number; dropped: number } {
    return this.file.counts();
  }

  /** Writes the buffered spans and closes the file. */
  close(): Promise<void> {
    return this.file.close();
  }
}
