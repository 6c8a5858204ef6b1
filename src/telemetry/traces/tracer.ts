// A span for every tool call, by the semantic conventions for MCP servers, and the trace context that the call's
// commits store. Made by tracing.ts if a trace file is wanted; tools/call/call.ts begins and ends spans.
// https://github.com/open-telemetry/semantic-conventions/blob/main/docs/gen-ai/mcp.md

import type { Outcome } from '../outcome.ts';
import { childOf, parseTraceparent, traceparentOf } from './context.ts';
import { SERVER, type Span } from './otlp.ts';

export interface CallFacts {
  tool: string;
  /** The caller's context, if it sent one. */
  traceparent: string | undefined;
  /** The id of the JSON-RPC request. */
  requestId: string | number | undefined;
}

/** A call under way. */
export interface CallTrace {
  /** The span's own context: the call's commits store it, and spans that follow from them have it as parent. */
  traceparent: string;
  end(outcome: Outcome): void;
}

/**
 * Recent spans by which commits are recognised as this process's own. Kept after the end of a call, because a call that
 * was given up may still commit.
 */
const REMEMBERED = 4_096;

export class Tracer {
  private readonly add: (span: Span) => void;
  /** Span ids, the oldest first. */
  private readonly own = new Set<string>();
  private session: () => string | undefined = () => undefined;

  constructor(add: (span: Span) => void) {
    this.add = add;
  }

  /** Sets how the session of later calls is found; until then spans name none. */
  knowSession(session: () => string | undefined): void {
    this.session = session;
  }

  begin({ tool, traceparent, requestId }: CallFacts): CallTrace {
    const parent = parseTraceparent(traceparent);
    const context = childOf(parent);
    this.remember(context.spanId);
    const startMs = Date.now();
    const startedAt = performance.now();
    return {
      traceparent: traceparentOf(context),
      end: (outcome) =>
        this.add({
          context,
          parentSpanId: parent?.spanId,
          remote: true,
          name: `tools/call ${tool}`,
          kind: SERVER,
          startMs,
          endMs: startMs + (performance.now() - startedAt),
          attributes: {
            'mcp.method.name': 'tools/call',
            'gen_ai.operation.name': 'execute_tool',
            'gen_ai.tool.name': tool,
            'network.transport': 'pipe',
            'jsonrpc.request.id': requestId === undefined ? undefined : String(requestId),
            'baton.session': this.session(),
            ...outcomeAttributes(outcome),
          },
          error: outcome.kind === 'answer' ? undefined : outcome.text,
        }),
    };
  }

  /** Whether a context is that of a recent call of this process. */
  isOwn(traceparent: string | undefined): boolean {
    const spanId = parseTraceparent(traceparent)?.spanId;
    return spanId !== undefined && this.own.has(spanId);
  }

  private remember(spanId: string): void {
    this.own.add(spanId);
    const [oldest] = this.own;
    if (this.own.size > REMEMBERED && oldest !== undefined) this.own.delete(oldest);
  }
}

function outcomeAttributes(outcome: Outcome): Span['attributes'] {
  if (outcome.kind !== 'answer') {
    const code = outcome.kind === 'failure' ? outcome.failure.code : 'internal';
    return { 'error.type': 'tool_error', 'baton.failure': code };
  }
  // The seq leads from a trace to the log.
  const seq = 'seq' in outcome.value ? outcome.value.seq : undefined;
  return typeof seq === 'number' ? { 'baton.seq': seq } : {};
}
