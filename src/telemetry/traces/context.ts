// W3C trace context: which trace and span a call belongs to, as clients send it and commits keep it. Used by
// mcp/server.ts for every call and by the rest of this folder where traces are written.
// https://www.w3.org/TR/trace-context/

import { randomBytes } from 'node:crypto';

export interface TraceContext {
  /** 32 hex. */
  traceId: string;
  /** 16 hex. */
  spanId: string;
  /** One byte; bit 0: the caller records this trace. */
  flags: number;
}

/** A later version may add more behind a dash; version ff does not exist. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const VERSION_00_CHARS = 55;

/** Undefined for anything that is no trace context: what cannot be joined to a trace is of no use to anybody. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string' || text.length > 512) return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (text.startsWith('00') && text.length !== VERSION_00_CHARS) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** Always as version 00. */
export function traceparentOf({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** A span of its own below `parent`, or the first of a new trace. */
export function childOf(parent: TraceContext | undefined): TraceContext {
  const spanId = randomBytes(8).toString('hex');
  return parent === undefined
    ? { traceId: randomBytes(16).toString('hex'), spanId, flags: 1 }
    : { traceId: parent.traceId, spanId, flags: parent.flags };
}
