// W3C trace context: the trace and span that a call belongs to, as clients send it and commits store it. Used by
// mcp/server.ts for every call, and by the rest of this folder if a trace file is wanted.
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

/** Later versions may append fields after a dash; version ff is invalid. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const VERSION_00_CHARS = 55;

/** Undefined for anything but a valid traceparent, which the specification wants ignored. */
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
