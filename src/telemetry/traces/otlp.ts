// Spans as OTLP/JSON: the JSON mapping of opentelemetry.proto.trace.v1.TracesData, with what OTLP changes of it (ids in
// hex, enums as numbers; 64-bit integers are strings as everywhere in proto3). Our own, because an SDK of 35 MB would
// write the same few fields. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

import type { TraceContext } from './context.ts';

export type Attribute = string | number | boolean;

/** SpanKind of the protocol. */
export const SERVER = 2;
export const INTERNAL = 1;

export interface Span {
  context: TraceContext;
  /** 16 hex; absent for the first span of a trace. */
  parentSpanId?: string | undefined;
  /** The parent was made by another process. */
  remote?: boolean;
  name: string;
  kind: typeof SERVER | typeof INTERNAL;
  /** Ms since the epoch, with fractions. */
  startMs: number;
  endMs: number;
  /** Absent ones are left out. */
  attributes: Readonly<Record<string, Attribute | undefined>>;
  /** Why it ended badly; absent if it did not. */
  error?: string | undefined;
}

export interface Scope {
  name: string;
  version: string;
}

/** Texts come from agents too: what a trace needs of them is short. */
const MAX_TEXT = 256;
const STATUS_ERROR = 2;
/** Span.flags: bits 8 and 9 say that it is known whether the parent is remote, and that it is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** One line of a trace file, without its line feed. */
export function tracesLine(
  resource: Readonly<Record<string, Attribute>>,
  scope: Scope,
  spans: readonly Span[],
): string {
  const scopeSpans = [{ scope, spans: spans.map(encoded) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans }] });
}

function encoded(span: Span): object {
  const { context, parentSpanId, remote, name, kind, startMs, endMs, attributes, error } = span;
  const remoteBits = parentSpanId === undefined || remote !== true ? 0 : HAS_IS_REMOTE | IS_REMOTE;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    flags: context.flags | remoteBits,
    name,
    kind,
    startTimeUnixNano: nanos(startMs),
    // A clock that was set back must not make a span end before it began.
    endTimeUnixNano: nanos(Math.max(startMs, endMs)),
    attributes: keyValues(attributes),
    status: error === undefined ? {} : { message: short(error), code: STATUS_ERROR },
  };
}

function keyValues(attributes: Readonly<Record<string, Attribute | undefined>>): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: Attribute): object {
  if (typeof value === 'string') return { stringValue: short(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function short(text: string): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
  // Half a character is no UTF-8.
  return cut.replace(/\p{Cs}/gu, '\ufffd');
}

/** Nanoseconds as decimal digits. In two parts: a double has no room for both. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')}`;
}
